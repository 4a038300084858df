/** Names on the left, values on the right, hairlines between. */
import type { ReactNode } from "react";
import { Marked } from "./marked";
import classes from "./value-table.module.css";

export function ValueTable({ label, children }: { label: string; children: ReactNode }) {
  return <dl className={classes.table} aria-label={label}>{children}</dl>;
}

export function ValueRow({ name, note, children, testId, changed = false }: {
  name: string;
  /** It is not as it was: its edge says so too. */
  changed?: boolean;
  note?: string;
  children: ReactNode;
  testId?: string;
}) {
  return (
    <div className={classes.row} data-testid={testId} data-changed={changed || undefined}>
      <dt className={classes.name}>
        <Marked text={name} />
        {note !== undefined && <small className={classes.note}><Marked text={note} /></small>}
      </dt>
      <dd className={classes.value}>{children}</dd>
    </div>
  );
}
