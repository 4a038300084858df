/** One hold: everything a person needs to decide, and the two answers. What it says, Rust decided. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@mantine/core";
import { Failure } from "@/components/failure";
import { Pending } from "@/components/pending";
import { cardQuery, useCommand } from "@/ipc/queries";
import type { Card } from "@/ipc/schema";
import { useSettled } from "@/lib/guard";
import { useKeys } from "@/lib/keys";
import { CardArguments, type Unread } from "./card-arguments";
import { DecidedFooter, VoteFooter } from "./card-footer";
import { CardHeader } from "./card-header";
import { CardReasons } from "./card-reasons";
import classes from "./card-view.module.css";
import { receiptOf, recordReceipt } from "./receipts";
import { RejectForm } from "./reject-form";

export type VotedBy = "key" | "pointer";

type Props = {
  hold: string;
  /** How many other holds wait. */
  waitingElsewhere: number;
  onVoted: (by: VotedBy) => void;
  onNext: () => void;
};

export function CardView(props: Props) {
  const { data: card, error, refetch } = useQuery(cardQuery(props.hold));
  if (card !== undefined) return <ShownCard key={card.digest} card={card} {...props} />;
  return (
    <section className={classes.card} aria-label="Hold" data-testid="card-missing">
      <div className={classes.scroll}>
        {error === null
          ? <Pending what="the hold" />
          : (
            <>
              <Failure what="This hold could not be shown." error={error} onRetry={() => void refetch()} />
              <Button className={classes.leave} onClick={props.onNext}>Back to the inbox</Button>
            </>
          )}
      </div>
    </section>
  );
}

function ShownCard({ card, waitingElsewhere, onVoted, onNext }: Props & { card: Card }) {
  const heading = useId();
  const section = useRef<HTMLElement>(null);
  const [unread, setUnread] = useState<Unread>(() => ({ values: card.arguments.filter((a) => a.folded).length, rows: 0 }));
  const [rejecting, setRejecting] = useState(false);
  const vote = useCommand("vote", ["inbox", "activity", "overview"]);
  const settled = useSettled(shownContent(card));
  const open = card.state === "waiting" && (vote.data === undefined || vote.data.state === "waiting");
  const canVote = open && settled && !vote.isPending;

  const cast = (choice: "approve" | "reject", reason: string | null, by: VotedBy): void => {
    if (!canVote) return;
    vote.mutate({ hold: card.hold, digest: card.digest, choice, reason }, {
      onSuccess: (receipt) => {
        setRejecting(false);
        recordReceipt(receiptOf(card, receipt, choice));
        if (receipt.state !== "waiting") onVoted(by);
      },
    });
  };
  const approve = (by: VotedBy): void => { cast("approve", null, by); };

  useKeys({
    a: () => { if (!rejecting) approve("key"); },
    r: () => { if (open) setRejecting(true); },
  });
  useFocusWhereItWasLost(section);

  return (
    <section
      ref={section} className={classes.card} aria-labelledby={heading} tabIndex={-1}
      data-testid="card" data-hold={card.hold} data-state={card.state}
    >
      <div className={classes.scroll} tabIndex={0} role="group" aria-label="What is asked, and why">
        <CardHeader card={card} headingId={heading} />
        <CardArguments state={card.state} rows={card.arguments} onUnread={setUnread} />
        <CardReasons card={card} />
        {vote.error !== null && (
          <div className={classes.error}>
            <Failure what="Your vote was not counted." error={vote.error} />
          </div>
        )}
      </div>
      {open && rejecting && (
        <RejectForm
          busy={!canVote}
          onReject={(reason) => { cast("reject", reason, "key"); }}
          onClose={() => { setRejecting(false); section.current?.querySelector<HTMLElement>("[data-testid=reject]")?.focus(); }}
        />
      )}
      {open
        ? (
          <VoteFooter
            card={card} unread={unread} canVote={canVote} rejecting={rejecting}
            onReject={() => { setRejecting(!rejecting); }} onApprove={approve}
          />
        )
        : <DecidedFooter card={card} waitingElsewhere={waitingElsewhere} onNext={onNext} />}
    </section>
  );
}

/** What a person reads before voting: when it changes, the buttons shut for a moment. */
function shownContent({ hold, digest, state, reasons, stages, arguments: args }: Card): string {
  return JSON.stringify([hold, digest, state, reasons, stages, args.length]);
}

/** After a vote by key the focus would be nowhere; it goes to the new card, and never leaves a field. */
function useFocusWhereItWasLost(section: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) {
      section.current?.focus({ preventScroll: true });
    }
  }, [section]);
}
