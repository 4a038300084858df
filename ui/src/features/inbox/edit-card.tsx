/** The card while its arguments are edited. Nothing goes until "Approve as edited"; what was asked is kept beside it. */
import { Button } from "@mantine/core";
import { useMemo, useState, type ReactNode } from "react";
import { useCommand } from "@/ipc/queries";
import type { Card } from "@/ipc/schema";
import { parseJson, printJson } from "@/lib/exact-json";
import { useSettled } from "@/lib/guard";
import { plural } from "@/lib/words";
import classes from "./card-footer.module.css";
import { CardFrame } from "./card-frame";
import { EditArguments } from "./edit-arguments";
import { changesOf, fieldsOf, problemOf, withEdits, type Edits } from "./edited";
import { receiptOf, recordReceipt } from "./receipts";
import { useFirstField } from "./use-first-field";

export function EditCard({ card, unread, asked, header, onVoted, onClose }: {
  card: Card;
  /** What of the call has not been on screen: ", 1 long value unread". */
  unread: string;
  /** The arguments as they were asked, as JSON. */
  asked: string;
  header: ReactNode;
  onVoted: () => void;
  onClose: () => void;
}) {
  const whole = useMemo(() => parseJson(asked), [asked]);
  const fields = useMemo(() => fieldsOf(whole), [whole]);
  const [edits, setEdits] = useState<Edits>(new Map());
  const vote = useCommand("approve_edited", ["inbox", "activity", "overview"]);
  const changes = changesOf(fields, edits);
  const wrong = fields.filter((field) => problemOf(field, edits.get(field.id) ?? field.text) !== null).length;
  const settled = useSettled(JSON.stringify([card.digest, card.state, card.stages, [...edits]]));
  const ready = settled && wrong === 0 && changes.length > 0 && !vote.isPending;
  const form = useFirstField();

  const approve = (): void => {
    if (!ready) return;
    vote.mutate({ hold: card.hold, digest: card.digest, arguments: printJson(withEdits(whole, fields, edits)) }, {
      onSuccess: (receipt) => {
        recordReceipt(receiptOf(card, receipt, "approve_edited"));
        onVoted();
      },
    });
  };
  return (
    <CardFrame
      failed={{ what: "Your vote was not counted.", error: vote.error }}
      footer={(
        <footer className={classes.footer}>
          <Button onClick={onClose} data-testid="edit-cancel">Cancel</Button>
          <span className={classes.words} role="status">
            {wrong > 0
              ? `${plural(wrong, "value")} cannot be sent like this`
              : changes.length === 0 ? "Nothing is changed yet" : `${plural(changes.length, "value")} changed; it is judged again as edited`}
          </span>
          <Button variant="filled" disabled={!ready} onClick={approve} data-testid="approve-edited">Approve as edited{unread}</Button>
        </footer>
      )}
    >
      {header}
      <div ref={form}>
        <EditArguments
          fields={fields} edits={edits} changes={changes}
          onEdit={(field, text) => { setEdits(new Map(edits).set(field, text)); }}
        />
      </div>
    </CardFrame>
  );
}
