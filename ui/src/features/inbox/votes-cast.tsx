/** What each of many votes came to: those that counted, and each that did not with its reason. */
import { Button } from "@mantine/core";
import { Icon } from "@/components/icon";
import { Marked } from "@/components/marked";
import type { Card, VoteOutcome, VoteRequest } from "@/ipc/schema";
import { plural, sentence } from "@/lib/words";
import footer from "./card-footer.module.css";
import { CardFrame } from "./card-frame";
import classes from "./together-card.module.css";

export function VotesCast({ card, headingId, numbers, outcomes, choice, onDone }: {
  card: Card;
  /** By which the card is known. */
  headingId: string;
  /** By which number each hold was listed. */
  numbers: ReadonlyMap<string, number>;
  outcomes: readonly VoteOutcome[];
  choice: VoteRequest["choice"];
  onDone: () => void;
}) {
  const counted = outcomes.filter(({ receipt }) => receipt !== null).length;
  // A vote may count and the call still wait, for another approver or a newer policy.
  const waits = outcomes.filter(({ receipt }) => receipt?.state === "waiting").length;
  const verb = choice === "approve" ? "approved" : "rejected";
  return (
    <CardFrame
      failed={{ what: "", error: null }}
      footer={<footer className={footer.footer}><Button autoFocus onClick={onDone} data-testid="votes-done">Done</Button></footer>}
    >
      <h1 id={headingId} className={classes.title}>
        <span role="status" data-testid="votes-cast">
          {plural(counted, "call")} of <code><Marked text={`${card.upstream}/${card.tool}`} /></code> {verb} in the window
          {counted < outcomes.length && `, ${outcomes.length - counted} not`}
          {waits > 0 && `; ${waits} of them ${waits === 1 ? "waits" : "wait"} for more`}
        </span>
      </h1>
      <ul className={classes.outcomes}>
        {outcomes.map(({ hold, receipt, problem }) => (
          <li key={hold} data-good={receipt !== null} data-testid="vote-outcome" data-hold={hold}>
            <Icon name={receipt === null ? "bar" : "check"} />
            <span>
              Call {numbers.get(hold)}:{" "}
              {receipt !== null && <Marked text={receipt.message} />}
              {problem !== null && (
                <>your vote was not counted. <Marked text={sentence(problem.message)} /> <Marked text={sentence(problem.hint)} /></>
              )}
            </span>
          </li>
        ))}
      </ul>
    </CardFrame>
  );
}
