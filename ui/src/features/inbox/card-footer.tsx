/** The answers. They stay in one place on every card; Approve says what has not been read. */
import { Button } from "@mantine/core";
import { Countdown } from "@/components/countdown";
import { Icon } from "@/components/icon";
import { Key } from "@/components/key";
import { Marked } from "@/components/marked";
import type { Answers, Card, ProofChoices } from "@/ipc/schema";
import { clockTime } from "@/lib/time";
import { listed, plural, sentence } from "@/lib/words";
import type { Unread } from "./argument-rows";
import classes from "./card-footer.module.css";
import type { VotedBy } from "./card-view";
import { ReceiptLine } from "./receipt-line";
import { standing, useReceipts } from "./receipts";

export function VoteFooter({ card, answers, proving, unread, canVote, doing, said, onReject, onExtend, onGrant, onApprove, onPassphrase }: {
  card: Card;
  answers: Answers;
  /** What approves it; null where a click does. */
  proving: ProofChoices | null;
  unread: Unread;
  canVote: boolean;
  doing: string;
  /** What came of the last answer that was no vote. */
  said: string;
  onReject: () => void;
  onExtend: () => void;
  onGrant: () => void;
  onApprove: (by: VotedBy) => void;
  onPassphrase: () => void;
}) {
  const verb = proving === null ? "Approve" : proving.passkey ? "Use passkey" : "Type passphrase";
  // A proof may still be missing where the vote is in.
  const isDone = card.owner_voted && proving === null;
  const ownReceipt = useReceipts().find(({ hold }) => hold === card.hold);
  return (
    <footer className={classes.footer}>
      <Button onClick={onReject} aria-expanded={doing === "rejecting"} rightSection={<Key>R</Key>} data-testid="reject">Reject…</Button>
      <div className={classes.middle}>
        {ownReceipt !== undefined && <ReceiptLine receipt={ownReceipt} withTool={false} />}
        {said !== "" && <span className={classes.said} role="status" data-testid="said">{said}</span>}
        {said === "" && isDone && <span className={classes.said} data-testid="owner-voted">Your vote is in; it waits for others</span>}
        {said === "" && !isDone && answers.voter !== "" && (
          <span className={classes.voter}>You vote as <Marked text={answers.voter} /></span>
        )}
        <span className={classes.deadline} data-testid="deadline">
          <span className={classes.prefix}>expires in</span> <Countdown until={card.deadline} />
        </span>
        {answers.extend_until !== null && (
          <Button
            size="xs" disabled={!canVote} rightSection={<Key>E</Key>} onClick={onExtend} data-testid="extend"
            title={`More time, until ${clockTime(answers.extend_until)}`}
          >
            Extend
          </Button>
        )}
      </div>
      {answers.grant !== null && (
        <Button disabled={!canVote} rightSection={<Key>G</Key>} onClick={onGrant} data-testid="grant">Grant…</Button>
      )}
      {proving !== null && proving.passkey && proving.passphrase && (
        <Button disabled={!canVote} onClick={onPassphrase} aria-expanded={doing === "proving"} data-testid="use-passphrase">Passphrase…</Button>
      )}
      <Button
        variant={proving !== null ? "step" : "filled"} disabled={!canVote || isDone} rightSection={<Key>A</Key>} data-testid="approve"
        onClick={(event) => { onApprove(event.detail === 0 ? "key" : "pointer"); }}
      >
        {verb}{unreadWords(unread)}
      </Button>
    </footer>
  );
}

/** The hold has its outcome: said where the buttons were, with nothing to press but the way on. */
export function DecidedFooter({ card, waitingElsewhere, onNext }: {
  card: Card;
  waitingElsewhere: number;
  onNext: () => void;
}) {
  const receipt = useReceipts().find(({ hold }) => hold === card.hold);
  const { words, good } = standing(card);
  return (
    <footer className={classes.footer} data-testid="decided">
      {waitingElsewhere > 0
        ? <Button onClick={onNext} rightSection={<Key>J</Key>} data-testid="next">Next hold</Button>
        : <Button onClick={onNext} data-testid="done">Done</Button>}
      <div className={classes.outcome} role="status">
        {receipt !== undefined
          ? <ReceiptLine receipt={receipt} withTool={false} />
          : <span className={classes.standing} data-good={good}><Icon name={good ? "check" : "bar"} /><Marked text={sentence(words)} /></span>}
      </div>
    </footer>
  );
}

/** "Approve", "Approve, 1 long value unread", "Approve, 2 long values and 40 arguments unread" */
export function approveWords(unread: Unread): string {
  return `Approve${unreadWords(unread)}`;
}

/** "", ", 2 long values and 40 arguments unread" */
export function unreadWords({ values, rows }: Unread): string {
  const parts = [
    ...(values > 0 ? [plural(values, "long value")] : []),
    ...(rows > 0 ? [plural(rows, "argument")] : []),
  ];
  return parts.length === 0 ? "" : `, ${listed(parts)} unread`;
}
