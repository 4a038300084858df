/** Nothing waits. For a new user: a practice call shows what this screen is for. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Empty } from "@/components/empty";
import { Failure } from "@/components/failure";
import { Page } from "@/components/page";
import { overviewQuery, useCommand } from "@/ipc/queries";
import type { PracticeKind } from "@/ipc/schema";
import classes from "./empty-inbox.module.css";
import { ReceiptLine } from "./receipt-line";
import { useReceipts } from "./receipts";

const KINDS: readonly { kind: PracticeKind; label: string; then: string }[] = [
  { kind: "held", label: "Send one that is held", then: "A policy asks for your approval; it waits here." },
  { kind: "allowed", label: "Send one that is allowed", then: "No policy holds it; it runs at once." },
  { kind: "denied", label: "Send one that is denied", then: "A policy stops it; the agent reads why." },
];

export function EmptyInbox() {
  const { data: overview } = useQuery(overviewQuery);
  const receipts = useReceipts();
  return (
    <Page title="Inbox" note="nothing waits">
      <Empty title="No call is waiting for you" testId="empty-inbox">
        <p>
          When an agent calls a tool and a policy wants your word first, the call is held and shown here, with
          everything that would be sent.
        </p>
      </Empty>
      {receipts.length > 0 && (
        <ul className={classes.receipts} aria-label="Just decided">
          {receipts.map((receipt) => <li key={receipt.hold}><ReceiptLine receipt={receipt} /></li>)}
        </ul>
      )}
      {overview?.practice === true
        ? <Practice />
        : (
          <p className="muted">
            To put more behind the door, <Link to="/upstreams" className={classes.link}>add an upstream</Link> or
            {" "}<Link to="/agents" className={classes.link}>connect an agent</Link>.
          </p>
        )}
    </Page>
  );
}

function Practice() {
  const practice = useCommand("practice_call", []);
  const sent = practice.isSuccess ? practice.variables.kind : null;
  return (
    <section className={classes.practice} aria-labelledby="practice-title">
      <header>
        <h2 id="practice-title" className={classes.title}>Send a practice call</h2>
        <p className="muted small">It goes through the same door as a real one, to a practice upstream on this machine.</p>
      </header>
      <ul>
        {KINDS.map(({ kind, label, then }) => (
          <li key={kind} className={classes.kind}>
            <span>{then}</span>
            <Button
              variant={kind === "held" ? "filled" : "default"} disabled={practice.isPending}
              onClick={() => { practice.mutate({ kind }); }} data-testid={`practice-${kind}`}
            >
              {label}
            </Button>
          </li>
        ))}
      </ul>
      <div role="status">
        {sent !== null && (
          <p className={classes.sent}>
            Sent. {sent === "held" ? "It appears here in a moment, and in " : "Its outcome is in "}
            <Link to="/activity" search={{}} className={classes.link}>Activity</Link>.
          </p>
        )}
      </div>
      {practice.error !== null && <Failure what="The practice call was not sent." error={practice.error} />}
      <p className="muted small">
        Ready for the real thing? <Link to="/agents" className={classes.link}>Connect an agent</Link>.
      </p>
    </section>
  );
}
