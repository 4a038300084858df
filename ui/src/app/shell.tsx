/** The frame of every screen: navigation on the left, alarms on top, one live region for what comes in. */
import { Outlet, useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useDecisionWatch } from "@/features/inbox/decision-watch";
import { currentHost } from "@/ipc/host";
import { inboxQuery, overviewQuery, useChanges } from "@/ipc/queries";
import { useKeys } from "@/lib/keys";
import { Alarms } from "./alarms";
import { KeyHelp } from "./key-help";
import { Navigation } from "./navigation";
import classes from "./shell.module.css";

export function Shell() {
  useChanges();
  const navigate = useNavigate();
  const overview = useQuery(overviewQuery);
  const inbox = useQuery(inboxQuery);
  const announcement = useDecisionWatch();
  const [helpOpen, setHelpOpen] = useState(false);
  const waiting = inbox.data?.length ?? overview.data?.waiting ?? 0;

  useKeys({ "?": () => { setHelpOpen(true); } });
  useEffect(
    () => currentHost().onOpenHold((hold) => { void navigate({ to: "/inbox", search: { hold } }); }),
    [navigate],
  );
  useEffect(() => { document.title = waiting > 0 ? `Doorward (${waiting})` : "Doorward"; }, [waiting]);

  return (
    <div className={classes.app}>
      <Navigation
        waiting={waiting} overview={overview.data} problem={overview.error}
        onHelp={() => { setHelpOpen(true); }}
      />
      <main className={classes.main}>
        <Alarms alarms={overview.data?.alarms ?? []} />
        <div className={classes.screen}><Outlet /></div>
      </main>
      <div className={classes.live} aria-live="polite" role="status" data-testid="announcement">{announcement}</div>
      <KeyHelp opened={helpOpen} onClose={() => { setHelpOpen(false); }} />
    </div>
  );
}
