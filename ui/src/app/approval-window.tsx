/**
 * The approval window: one hold on top of other windows, with the card of the inbox. Esc puts it away and decides
 * nothing. When its hold has ended, here or elsewhere, it says so for a minute and goes.
 */
import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Key } from "@/components/key";
import { CardView } from "@/features/inbox/card-view";
import { currentHost } from "@/ipc/host";
import { cardQuery, shownHoldQuery, useChanges } from "@/ipc/queries";
import { useKeys } from "@/lib/keys";
import classes from "./approval-window.module.css";
import { Frame } from "./frame";
import { KeyHelp } from "./key-help";

/** As long as every approval is on show. */
const SAID_FOR = 60_000;

export function ApprovalWindow({ scheme }: { scheme?: "light" | "dark" | undefined }) {
  return <Frame scheme={scheme}><Shown /></Frame>;
}

const putAway = (): void => { void currentHost().putAway(); };

function Shown() {
  useChanges();
  const client = useQueryClient();
  const { data: hold = null } = useQuery(shownHoldQuery);
  const [helpOpen, setHelpOpen] = useState(false);
  useEffect(() => currentHost().onOpenHold(() => { void client.invalidateQueries(shownHoldQuery); }), [client]);
  useEscape(putAway);
  useKeys({ "?": () => { setHelpOpen(true); } });
  return (
    <main className={classes.window} data-testid="approval-window">
      <header className={classes.bar}>
        <span className={classes.brand}><span className={classes.door} aria-hidden="true" />{hold === null ? "A call waits for you" : <Standing hold={hold} />}</span>
        <span className={classes.ways}>
          <Button size="xs" onClick={() => { void currentHost().openInInbox(); }} data-testid="open-in-inbox">Open in the inbox</Button>
          <Button size="xs" rightSection={<Key>Esc</Key>} onClick={putAway} data-testid="put-away">Not now</Button>
        </span>
      </header>
      {hold !== null && <CardView key={hold} hold={hold} waitingElsewhere={0} place="approval-window" onVoted={() => undefined} onNext={putAway} />}
      {hold !== null && <GoesByItself key={`end of ${hold}`} hold={hold} />}
      <KeyHelp opened={helpOpen} onClose={() => { setHelpOpen(false); }} />
    </main>
  );
}

function Standing({ hold }: { hold: string }) {
  const { data: card } = useQuery(cardQuery(hold));
  return card === undefined || card.state === "waiting" ? "A call waits for you" : "This call is decided";
}

/** A hold that waits no longer stays on show for a minute. */
function GoesByItself({ hold }: { hold: string }) {
  const { data: card } = useQuery(cardQuery(hold));
  const isOver = card !== undefined && card.state !== "waiting";
  useEffect(() => {
    if (!isOver) return;
    const timer = setTimeout(putAway, SAID_FOR);
    return () => { clearTimeout(timer); };
  }, [isOver]);
  return null;
}

/** Whatever is open in the card closes first: it stops the key there. */
function useEscape(then: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const isInDialog = event.target instanceof Element && event.target.closest("[role=dialog]") !== null;
      if (event.key === "Escape" && !event.defaultPrevented && !isInDialog) then();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => { window.removeEventListener("keydown", onKeyDown); };
  }, [then]);
}
