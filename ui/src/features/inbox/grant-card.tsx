/** The card while a grant is made of it: the vote and the grant are one answer, given once. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { grantPreviewQuery, useCommand } from "@/ipc/queries";
import type { Card, GrantOffer } from "@/ipc/schema";
import { useSettled } from "@/lib/guard";
import classes from "./card-footer.module.css";
import { CardFrame } from "./card-frame";
import { GrantForm } from "./grant-form";
import { narrowest, termsOf } from "./grant-terms";
import { receiptOf, recordReceipt } from "./receipts";
import { useFirstField } from "./use-first-field";

export function GrantCard({ card, unread, offer, header, onVoted, onClose }: {
  card: Card;
  /** What of the call has not been on screen: ", 1 long value unread". */
  unread: string;
  offer: GrantOffer;
  header: ReactNode;
  onVoted: () => void;
  onClose: () => void;
}) {
  const [opened] = useState(() => Date.now());
  const [chosen, setChosen] = useState(narrowest);
  const terms = termsOf(offer, chosen, opened);
  const preview = useQuery(grantPreviewQuery(card.hold, card.digest, terms));
  const grant = useCommand("grant", ["inbox", "activity", "overview", "grants"]);
  const settled = useSettled(JSON.stringify([card.digest, card.state, card.stages, terms]));
  const told = preview.data !== undefined && !preview.isPlaceholderData && preview.data.problem === null;
  const ready = settled && told && !grant.isPending;
  const form = useFirstField();

  const approve = (): void => {
    if (!ready) return;
    grant.mutate({ hold: card.hold, digest: card.digest, terms }, {
      onSuccess: (receipt) => {
        recordReceipt(receiptOf(card, receipt, "grant"));
        onVoted();
      },
    });
  };
  return (
    <CardFrame
      failed={{ what: "The grant was not made, and your vote was not counted.", error: grant.error }}
      footer={(
        <footer className={classes.footer}>
          <Button onClick={onClose} data-testid="grant-cancel">Cancel</Button>
          <span className={classes.words}>Approves this call, and lets calls like it go. Grants can be revoked at any time.</span>
          <Button variant="filled" disabled={!ready} onClick={approve} data-testid="grant-save">Approve and grant{unread}</Button>
        </footer>
      )}
    >
      {header}
      <div ref={form}>
        <GrantForm offer={offer} chosen={chosen} preview={preview.data} error={preview.error} onChoose={setChosen} />
      </div>
    </CardFrame>
  );
}
