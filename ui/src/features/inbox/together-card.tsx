/**
 * Similar calls answered with one gesture: each is listed with what differs, each gets a vote of its own, and what
 * each vote came to is said. Calls that come while this is open are not voted on unseen.
 */
import { Button, Checkbox } from "@mantine/core";
import { useCallback, useState } from "react";
import { Countdown } from "@/components/countdown";
import { Marked } from "@/components/marked";
import { useCommand } from "@/ipc/queries";
import type { Card, Similar, SimilarCall, VoteRequest } from "@/ipc/schema";
import { useSettled } from "@/lib/guard";
import { plural } from "@/lib/words";
import { ArgumentRows, type Unread } from "./argument-rows";
import { approveWords } from "./card-footer";
import footer from "./card-footer.module.css";
import { CardFrame } from "./card-frame";
import { outcomeOf, recordReceipt } from "./receipts";
import { RejectForm } from "./reject-form";
import classes from "./together-card.module.css";
import { useFirstField } from "./use-first-field";
import { VotesCast } from "./votes-cast";

/** Values of one call that are shown at first. */
const ROWS = 12;
const SHARED = "shared";

/** The way here, on the card of one of them. */
export function SimilarLine({ count, tool, onOpen }: { count: number; tool: string; onOpen: () => void }) {
  return (
    <div className={classes.line}>
      <span>{plural(count, "call")} like this one wait, all of <Marked text={tool} />.</span>
      <Button size="xs" onClick={onOpen} data-testid="together">Answer them together</Button>
    </div>
  );
}

export function TogetherCard({ card, headingId, similar, onVoted, onClose }: {
  card: Card;
  /** By which the card is known. */
  headingId: string;
  similar: Similar;
  onVoted: () => void;
  onClose: () => void;
}) {
  const form = useFirstField();
  // What was listed when this opened: only that can be voted on, until the person asks for what came later.
  const [listed, setListed] = useState<readonly SimilarCall[]>(similar.calls);
  const [shared, setShared] = useState(similar.shared);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [unread, setUnread] = useState<ReadonlyMap<string, Unread>>(new Map());
  const [rejecting, setRejecting] = useState(false);
  const vote = useCommand("vote_many", ["inbox", "activity", "overview"]);

  const waiting = new Set(similar.calls.map(({ hold }) => hold));
  const chosen = listed.filter(({ hold, owner_voted: done }) => waiting.has(hold) && !done && !left.has(hold));
  const came = similar.calls.filter(({ hold }) => listed.every((known) => known.hold !== hold)).length;
  const settled = useSettled(JSON.stringify([shared.length, chosen.map(({ hold, digest }) => [hold, digest])]));
  const ready = settled && chosen.length > 0 && !vote.isPending;
  const missing = [...unread].filter(([of]) => of === SHARED || chosen.some(({ hold }) => hold === of)).map(([, one]) => one);
  const all: Unread = { values: total(missing.map(({ values }) => values)), rows: total(missing.map(({ rows }) => rows)) };

  const cast = (choice: VoteRequest["choice"], reason: string | null): void => {
    if (!ready) return;
    const calls = chosen.map(({ hold, digest }) => ({ hold, digest }));
    vote.mutate({ calls, choice, reason }, {
      onSuccess: (outcomes) => {
        setRejecting(false);
        for (const { hold, receipt } of outcomes) {
          if (receipt !== null) recordReceipt(outcomeOf({ hold, upstream: card.upstream, tool: card.tool }, receipt, choice));
        }
      },
    });
  };
  const showNewOnes = (): void => {
    setListed(similar.calls);
    setShared(similar.shared);
  };

  if (vote.data !== undefined) {
    const numbers = new Map(listed.map(({ hold }, index) => [hold, index + 1]));
    return (
      <VotesCast
        card={card} headingId={headingId} numbers={numbers} outcomes={vote.data} choice={vote.variables.choice} onDone={onVoted}
      />
    );
  }
  return (
    <CardFrame
      failed={{ what: "No vote was counted.", error: vote.error }}
      footer={(
        <>
          {rejecting && <RejectForm busy={!ready} onReject={(reason) => { cast("reject", reason); }} onClose={() => { setRejecting(false); }} />}
          <footer className={footer.footer}>
            <Button onClick={onClose} data-testid="together-cancel">One by one</Button>
            <Button
              aria-expanded={rejecting} disabled={chosen.length === 0} onClick={() => { setRejecting(!rejecting); }} data-testid="reject-together"
            >
              Reject {plural(chosen.length, "call")}…
            </Button>
            <span className={footer.words} role="status">
              {came > 0
                ? <Button size="xs" onClick={showNewOnes} data-testid="show-new">{plural(came, "more came", "more came")}: list them too</Button>
                : "Each gets a vote of its own"}
            </span>
            <Button variant="filled" disabled={!ready} onClick={() => { cast("approve", null); }} data-testid="approve-together">
              {approveWords(all).replace("Approve", `Approve ${plural(chosen.length, "call")}`)}
            </Button>
          </footer>
        </>
      )}
    >
      <header>
        <h1 id={headingId} className={classes.title}>
          <Marked text={card.agent} /> wants to run <code><Marked text={`${card.upstream}/${card.tool}`} /></code>{" "}
          {plural(listed.length, "time")}
        </h1>
        <p className={classes.why}>
          For <Marked text={card.user_name} />, by the same flow{from(card)}. What differs is listed for each; none needs a step-up.
        </p>
      </header>
      {shared.length > 0 && (
        <section aria-label="The same in all" className={classes.shared}>
          <h2>The same in all</h2>
          <Rows of={SHARED} label="Arguments that are the same in all" rows={shared} onUnread={setUnread} />
        </section>
      )}
      <div ref={form}>
        <ol className={classes.calls} aria-label="The calls">
          {listed.map((call, index) => (
            <li key={call.hold} className={classes.call} data-testid="similar-call" data-hold={call.hold}>
              <div className={classes.head}>
                <Checkbox
                  size="xs" label={`Call ${index + 1}`} checked={chosen.includes(call)} disabled={!waiting.has(call.hold) || call.owner_voted}
                  onChange={() => { setLeft(toggled(left, call.hold)); }}
                />
                <span className="faint">{stateOf(call, waiting.has(call.hold))}</span>
              </div>
              {call.reasons.map((reason) => <p key={reason} className={classes.why}><Marked text={reason} /></p>)}
              {call.own.length === 0
                ? <p className={classes.why}>Nothing differs.</p>
                : <Rows of={call.hold} label={`What differs in call ${index + 1}`} rows={call.own} onUnread={setUnread} />}
            </li>
          ))}
        </ol>
      </div>
    </CardFrame>
  );
}

/** The same for all of them, as Rust sees to. */
function from({ program, project, branch }: Card) {
  return (
    <>
      {program !== null && <>, by <Marked text={program} /></>}
      {project !== null && <>, from <Marked text={project} /></>}
      {branch !== null && <> on <Marked text={branch} /></>}
    </>
  );
}

function Rows({ of, label, rows, onUnread }: {
  of: string;
  label: string;
  rows: Similar["shared"];
  onUnread: (change: (before: ReadonlyMap<string, Unread>) => ReadonlyMap<string, Unread>) => void;
}) {
  const tell = useCallback((unread: Unread) => { onUnread((before) => new Map(before).set(of, unread)); }, [of, onUnread]);
  return <ArgumentRows label={label} rows={rows} first={ROWS} onUnread={tell} />;
}

function stateOf(call: SimilarCall, isWaiting: boolean) {
  if (!isWaiting) return "ended meanwhile, not voted on";
  if (call.owner_voted) return "your vote is in";
  return <>expires in <Countdown until={call.deadline} /></>;
}

function toggled(set: ReadonlySet<string>, one: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(one)) next.add(one);
  return next;
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);
