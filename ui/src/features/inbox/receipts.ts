/** What was decided in the last minute, and by which means. It stays on show for that minute and cannot be undone. */
import { useSyncExternalStore } from "react";
import type { Card, VoteReceipt, VoteRequest } from "@/ipc/schema";
import { phrase } from "@/lib/words";

const SHOWN_FOR = 60_000;

export type Receipt = {
  hold: string;
  /** `payments/send_payment` */
  what: string;
  /** "Approved in the window" */
  words: string;
  /** What that leads to: "The call goes now." */
  note: string;
  good: boolean;
  at: number;
};

let receipts: readonly Receipt[] = [];
const listeners = new Set<() => void>();

export function recordReceipt(receipt: Receipt): void {
  publish([receipt, ...receipts.filter(({ hold }) => hold !== receipt.hold)]);
  setTimeout(() => { publish(receipts.filter((kept) => kept !== receipt)); }, SHOWN_FOR);
}

export function hasReceipt(hold: string): boolean {
  return receipts.some((receipt) => receipt.hold === hold);
}

export function useReceipts(): readonly Receipt[] {
  return useSyncExternalStore(subscribe, () => receipts);
}

/** For tests: the store outlives a render. */
export function forgetReceipts(): void {
  publish([]);
}

/** Every way of answering that counts as a vote. */
export type Answered = VoteRequest["choice"] | "approve_edited" | "grant";

/** What a vote in this window came to. */
export function receiptOf(card: Card, vote: VoteReceipt, choice: Answered): Receipt {
  return outcomeOf(card, vote, choice);
}

/** The same for a hold of which only its name is at hand. */
export function outcomeOf(
  card: Pick<Card, "hold" | "upstream" | "tool">, vote: Pick<VoteReceipt, "state" | "message">, choice: Answered,
): Receipt {
  const counted = choice !== "reject"
    ? vote.state === "approved" || vote.state === "released"
    : vote.state === "ended";
  const [first = "", ...rest] = vote.message.split(/(?<=\.)\s+/);
  return {
    hold: card.hold,
    what: `${card.upstream}/${card.tool}`,
    words: counted ? MEANS[choice] : phrase(first),
    note: rest.join(" "),
    good: choice !== "reject" && vote.state !== "ended",
    at: Date.now(),
  };
}

const MEANS: Record<Answered, string> = {
  approve: "Approved in the window",
  approve_edited: "Approved with edits in the window",
  grant: "Approved with a grant in the window",
  reject: "Rejected in the window",
};

/** Where a hold stands and who brought it there, by which means, in words that need nothing else beside them. */
export function standing(card: Card): { words: string; good: boolean } {
  switch (card.state) {
    case "waiting":
      return { words: "Waiting", good: true };
    case "approved":
      return {
        words: card.attended ? `Approved${by(card, true)}` : `Approved${by(card, true)}; sent when the agent calls again with the same arguments`,
        good: true,
      };
    case "released":
      return { words: `Approved${by(card, true)} and sent`, good: true };
    case "ended": {
      // What follows "rejected" is the reason: whoever gave it stands before that.
      const [verdict = "", ...reason] = (card.verdict ?? "ended").split(": ");
      return { words: phrase([`${verdict}${by(card, false)}`, ...reason].join(": ")), good: false };
    }
  }
}

/** " by Ana on a notification": the vote that decided, where one did. */
function by({ votes }: Card, approves: boolean): string {
  const vote = votes.at(-1);
  return vote !== undefined && vote.approves === approves ? ` by ${vote.by} ${vote.means}` : "";
}

function publish(next: readonly Receipt[]): void {
  receipts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => { listeners.delete(listener); };
}
