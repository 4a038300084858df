/** The frame of every screen: navigation on the left, alarms on top, one live region for what comes in. */
import { useMantineColorScheme } from "@mantine/core";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { useDecisionWatch } from "@/features/inbox/decision-watch";
import { Failure } from "@/components/failure";
import { currentHost, type IpcFailure } from "@/ipc/host";
import { inboxQuery, overviewQuery, useChanges, useCommand } from "@/ipc/queries";
import { useCommands, type Command } from "@/lib/commands";
import { Alarms } from "./alarms";
import { CommandPalette } from "./command-palette";
import { KeyHelp } from "./key-help";
import { Navigation, SCHEMES } from "./navigation";
import { SCREENS } from "./screens";
import classes from "./shell.module.css";

export function Shell() {
  useChanges();
  const navigate = useNavigate();
  const overview = useQuery(overviewQuery);
  const inbox = useQuery(inboxQuery);
  const announcement = useDecisionWatch();
  const [helpOpen, setHelpOpen] = useState(false);
  const waiting = inbox.data?.length ?? overview.data?.waiting ?? 0;

  const [paletteOpen, setPaletteOpen] = useState(false);
  const openPalette = useCallback(() => { setPaletteOpen(true); }, []);
  const closePalette = useCallback(() => { setPaletteOpen(false); }, []);
  const openHelp = (): void => { setHelpOpen(true); };

  const frame = useFrameCommands(overview.data?.gateway.state === "on" ? overview.data.paused : null);
  useCommands([
    ...SCREENS.map(({ to, name }): Command => ({ name: `Go to ${name}`, run: () => { void navigate({ to, search: {} }); } })),
    { name: "Make a new policy", run: () => { void navigate({ to: "/builder" }); } },
    ...frame.commands,
    { name: "Show all keys", key: "?", run: openHelp },
  ]);
  useEffect(
    () => currentHost().onOpenHold((hold) => { void navigate({ to: "/inbox", search: { hold } }); }),
    [navigate],
  );
  useEffect(() => { document.title = waiting > 0 ? `Doorward (${waiting})` : "Doorward"; }, [waiting]);

  return (
    <div className={classes.app}>
      <Navigation
        waiting={waiting} overview={overview.data} problem={overview.error}
        onHelp={openHelp} onPalette={openPalette}
      />
      <main className={classes.main}>
        <Alarms alarms={overview.data?.alarms ?? []} />
        {frame.error !== null && (
          <div className={classes.failed}>
            <Failure what={overview.data?.paused === true ? "Everything is still held." : "Calls go on as before."} error={frame.error} />
          </div>
        )}
        <div className={classes.screen}><Outlet /></div>
      </main>
      <div className={classes.live} aria-live="polite" role="status" data-testid="announcement">{announcement}</div>
      <CommandPalette opened={paletteOpen} onOpen={openPalette} onClose={closePalette} />
      <KeyHelp opened={helpOpen} onClose={() => { setHelpOpen(false); }} />
    </div>
  );
}

/** Hold everything, or let calls go; light and dark. `paused` is null without a gateway. */
function useFrameCommands(paused: boolean | null): { commands: Command[]; error: IpcFailure | null } {
  const { setColorScheme } = useMantineColorScheme();
  const pause = useCommand("pause", ["overview"]);
  const resume = useCommand("resume", ["overview"]);
  const themes = SCHEMES.map(({ value, label }): Command => ({ name: `Theme: ${label}`, run: () => { setColorScheme(value); } }));
  const error = pause.error ?? resume.error;
  if (paused === null) return { commands: themes, error };
  const everything: Command = paused
    ? { name: "Let calls go", run: () => { resume.mutate({}); } }
    : { name: "Hold everything", run: () => { pause.mutate({}); } };
  return { commands: [everything, ...themes], error };
}
