/** One hold: everything a person needs to decide, and the two answers. What it says, Rust decided. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@mantine/core";
import { Failure } from "@/components/failure";
import { Pending } from "@/components/pending";
import { answersQuery, cardQuery, similarQuery, useCommand } from "@/ipc/queries";
import type { Answers, Card, Similar } from "@/ipc/schema";
import { useCommands } from "@/lib/commands";
import { useSettled } from "@/lib/guard";
import { clockTime } from "@/lib/time";
import { sentence } from "@/lib/words";
import type { Unread } from "./argument-rows";
import { CardArguments } from "./card-arguments";
import { DecidedFooter, unreadWords, VoteFooter } from "./card-footer";
import { CardFrame } from "./card-frame";
import { CardHeader } from "./card-header";
import { CardReasons } from "./card-reasons";
import classes from "./card-view.module.css";
import { EditCard } from "./edit-card";
import { GrantCard } from "./grant-card";
import { PassphraseForm } from "./passphrase-form";
import { provingOf } from "./proving";
import { receiptOf, recordReceipt } from "./receipts";
import { RejectForm } from "./reject-form";
import { SimilarLine, TogetherCard } from "./together-card";

export type VotedBy = "key" | "pointer";

type Props = {
  hold: string;
  /** How many other holds wait. */
  waitingElsewhere: number;
  /** The approval window has less room, and may ask less. */
  place?: "inbox" | "approval-window";
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
              <Button className={classes.leave} onClick={props.onNext}>{props.place === "approval-window" ? "Close" : "Back to the inbox"}</Button>
            </>
          )}
      </div>
    </section>
  );
}

type Doing = "reading" | "rejecting" | "proving" | "editing" | "granting" | "together";

/** What was pressed to open a form, by the form. */
const BACK = { editing: "edit", granting: "grant", together: "together" } as const;

const NOTHING: Answers = { voter: "", extend_until: null, edit: null, no_edit: null, grant: null, no_grant: null, proof: null };

function ShownCard({ card, waitingElsewhere, place = "inbox", onVoted, onNext }: Props & { card: Card }) {
  const heading = useId();
  const section = useRef<HTMLElement>(null);
  const [unread, setUnread] = useState<Unread>(() => ({ values: card.arguments.filter((a) => a.folded).length, rows: 0 }));
  const [doing, setDoing] = useState<Doing>("reading");
  const [said, setSaid] = useState("");
  useShortly(said, setSaid);
  const vote = useCommand("vote", ["inbox", "activity", "overview"]);
  const extend = useCommand("extend", ["inbox"]);
  const prove = useCommand("prove_hold", []);
  const typed = useCommand("prove_by_passphrase", ["inbox", "activity", "overview"]);
  const settled = useSettled(shownContent(card));
  const isOver = [vote.data, typed.data].some((receipt) => receipt !== undefined && receipt.state !== "waiting");
  const open = card.state === "waiting" && !isOver;
  const canVote = open && settled && !vote.isPending && !typed.isPending;
  const answering = useQuery({ ...answersQuery(card.hold, card.digest), enabled: open });
  const { data: answered = NOTHING, error: unanswered } = answering;
  const inInbox = place === "inbox";
  // Forms need room, and commands that the approval window does not have.
  const answers = inInbox ? answered : { ...answered, edit: null, grant: null, no_grant: null };
  const proving = provingOf(card, answers, inInbox);
  const { data: similar } = useQuery({ ...similarQuery(card.hold), enabled: open && inInbox });
  const alike = similar?.calls.length ?? 0;

  const cast = (choice: "approve" | "reject", reason: string | null, by: VotedBy): void => {
    if (!canVote) return;
    vote.mutate({ hold: card.hold, digest: card.digest, choice, reason }, {
      onSuccess: (receipt) => {
        setDoing("reading");
        recordReceipt(receiptOf(card, receipt, choice));
        if (receipt.state !== "waiting") onVoted(by);
      },
    });
  };
  /** The page in the browser takes it from here: the passkey is the vote. */
  const askForPasskey = (): void => {
    if (!canVote || prove.isPending) return;
    prove.mutate({ hold: card.hold }, {
      onSuccess: ({ opened, url }) => { setSaid(opened ? "Go on in your browser, within two minutes" : `Open in your browser: ${url}`); },
    });
  };
  const typePassphrase = (): void => {
    if (canVote) setDoing(doing === "proving" ? "reading" : "proving");
  };
  const approve = (by: VotedBy): void => {
    if (proving === null) {
      if (!card.owner_voted) cast("approve", null, by);
    } else if (proving.passkey) askForPasskey();
    else if (inInbox) typePassphrase();
    else setSaid("Type the passphrase in Doorward’s main window.");
  };
  const sendPassphrase = (passphrase: string): void => {
    if (!canVote) return;
    typed.mutate({ hold: card.hold, digest: card.digest, passphrase }, {
      onSuccess: (receipt) => {
        setDoing("reading");
        recordReceipt(receiptOf(card, receipt, "approve"));
        if (receipt.state !== "waiting") onVoted("key");
      },
    });
  };
  const moreTime = (): void => {
    if (!canVote || extend.isPending || answers.extend_until === null) return;
    const until = answers.extend_until;
    extend.mutate({ hold: card.hold, digest: card.digest }, { onSuccess: () => { setSaid(`Extended until ${clockTime(until)}`); } });
  };
  const grant = (): void => {
    if (!canVote) return;
    if (answers.grant !== null) setDoing("granting");
    else if (answers.no_grant !== null) setSaid(sentence(answers.no_grant));
  };
  const together = (): void => {
    if (open && alike > 1) setDoing("together");
  };
  const stop = (back: "reject" | "edit" | "grant" | "together" | "approve"): void => {
    setDoing("reading");
    queueMicrotask(() => { section.current?.querySelector<HTMLElement>(`[data-testid=${back}]`)?.focus(); });
  };
  const voted = (): void => {
    setDoing("reading");
    onVoted("pointer");
  };

  const whenReading = (then: () => void) => () => { if (open && doing === "reading") then(); };
  const about = `${card.hold} ${card.digest}`;
  useCommands([
    { name: "Approve the hold on show", key: "a", about, run: whenReading(() => { approve("key"); }) },
    { name: "Reject the hold on show", key: "r", about, run: whenReading(() => { setDoing("rejecting"); }) },
    { name: "Extend its deadline", key: "e", about, run: whenReading(moreTime) },
    { name: "Grant calls like it", key: "g", about, run: whenReading(grant) },
    ...(answers.edit === null ? [] : [{ name: "Edit its arguments", about, run: whenReading(() => { if (canVote) setDoing("editing"); }) }]),
    ...(alike > 1 ? [{ name: `Answer ${alike} similar calls together`, key: "b", about, run: whenReading(together) }] : []),
  ]);
  useFocusWhereItWasLost(section);

  const header = <CardHeader card={card} headingId={heading} />;
  return (
    <section
      ref={section} className={classes.card} aria-labelledby={heading} tabIndex={-1}
      data-testid="card" data-hold={card.hold} data-state={card.state}
      onKeyDown={(event) => {
        if (event.key === "Escape" && doing in BACK) stop(BACK[doing as keyof typeof BACK]);
      }}
    >
      {open && doing === "editing" && answers.edit !== null && (
        <EditCard card={card} unread={unreadWords(unread)} asked={answers.edit} header={header} onVoted={voted} onClose={() => { stop("edit"); }} />
      )}
      {open && doing === "granting" && answers.grant !== null && (
        <GrantCard card={card} unread={unreadWords(unread)} offer={answers.grant} header={header} onVoted={voted} onClose={() => { stop("grant"); }} />
      )}
      {doing === "together" && similar !== undefined && (
        <TogetherCard card={card} headingId={heading} similar={similar} onVoted={voted} onClose={() => { stop("together"); }} />
      )}
      {!isElsewhere(doing, open, answers, similar) && (
        <CardFrame
          failed={{
            what: failedWords(vote.error ?? typed.error, prove.error), error: vote.error ?? typed.error ?? prove.error ?? extend.error,
          }}
          footer={(
            <>
              {open && doing === "rejecting" && (
                <RejectForm
                  busy={!canVote}
                  onReject={(reason) => { cast("reject", reason, "key"); }}
                  onClose={() => { stop("reject"); }}
                />
              )}
              {open && doing === "proving" && (
                <PassphraseForm
                  busy={!canVote} unread={unreadWords(unread)} onSend={sendPassphrase} onClose={() => { stop("approve"); }}
                />
              )}
              {open
                ? (
                  <VoteFooter
                    card={card} answers={answers} proving={proving} unread={unread} canVote={canVote} doing={doing} said={said}
                    onReject={() => { setDoing(doing === "rejecting" ? "reading" : "rejecting"); }}
                    onExtend={moreTime} onGrant={grant} onApprove={approve} onPassphrase={typePassphrase}
                  />
                )
                : <DecidedFooter card={card} waitingElsewhere={waitingElsewhere} onNext={onNext} />}
            </>
          )}
        >
          {header}
          {open && unanswered !== null && (
            <Failure what="What else you can answer could not be read. You can still reject it." error={unanswered} onRetry={() => void answering.refetch()} />
          )}
          {open && alike > 1 && <SimilarLine count={alike} tool={`${card.upstream}/${card.tool}`} onOpen={together} />}
          <CardArguments
            card={card} onUnread={setUnread}
            action={open && answers.edit !== null && card.arguments.length > 0 && (
              <Button size="xs" disabled={!canVote} onClick={() => { setDoing("editing"); }} data-testid="edit">Edit…</Button>
            )}
          />
          <CardReasons card={card} links={inInbox} />
        </CardFrame>
      )}
    </section>
  );
}

function failedWords(vote: Error | null, page: Error | null): string {
  if (vote !== null) return "Your vote was not counted.";
  return page !== null ? "No page was opened." : "The deadline stays as it is.";
}

/** Another form stands where the card is read. */
function isElsewhere(doing: Doing, open: boolean, answers: Answers, similar: Similar | undefined): boolean {
  // What many votes came to stays on show when this hold is among them.
  if (doing === "together") return similar !== undefined;
  return open && ((doing === "editing" && answers.edit !== null) || (doing === "granting" && answers.grant !== null));
}

/** What a person reads before voting: when it changes, the buttons shut for a moment. */
function shownContent({ hold, digest, state, reasons, stages, arguments: args, last_approved: last }: Card): string {
  return JSON.stringify([hold, digest, state, reasons, stages, args.length, last?.at]);
}

/** As long as a page for the passkey is open. */
const SAID_FOR = 120_000;

/** What came of an answer is said for a while: then its page has ended, and the deadline is on show. */
function useShortly(said: string, setSaid: (said: string) => void): void {
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => { setSaid(""); }, SAID_FOR);
    return () => { clearTimeout(timer); };
  }, [said, setSaid]);
}

/** After a vote by key the focus would be nowhere; it goes to the new card, and never leaves a field. */
function useFocusWhereItWasLost(section: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) {
      section.current?.focus({ preventScroll: true });
    }
  }, [section]);
}
