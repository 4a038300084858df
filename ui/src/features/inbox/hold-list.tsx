/** The queue: every hold over all agents, one row each, and what was decided in the last minute. */
import { useEffect, useRef } from "react";
import { Countdown } from "@/components/countdown";
import { Marked } from "@/components/marked";
import { Tag } from "@/components/tag";
import type { InboxRow } from "@/ipc/schema";
import classes from "./hold-list.module.css";
import { ReceiptLine } from "./receipt-line";
import { useReceipts } from "./receipts";
import { More, useSlice } from "./slice";

export function HoldList({ rows, selected, onSelect }: {
  rows: readonly InboxRow[];
  selected: string;
  onSelect: (hold: string) => void;
}) {
  const receipts = useReceipts();
  const slice = useSlice(rows.length, rows.findIndex(({ hold }) => hold === selected));
  return (
    <section className={classes.column} aria-label="Inbox">
      <header className={classes.header}>
        <h1>Inbox</h1>
        <span className="faint">{rows.length === 0 ? "nothing waits" : `${rows.length} waiting`}</span>
      </header>
      <div className={classes.scroll}>
        <More where="earlier" count={slice.above} onShow={slice.onAbove} />
        <ul aria-label="Holds">
          {rows.slice(slice.from, slice.to).map((row) => (
            <li key={row.hold}>
              <Row row={row} selected={row.hold === selected} onSelect={onSelect} />
            </li>
          ))}
        </ul>
        <More where="later" count={slice.below} onShow={slice.onBelow} />
        <p className={classes.keys}>J K to move, A approve, R reject, E extend, G grant, ? for all keys</p>
      </div>
      {receipts.length > 0 && (
        <section className={classes.receipts} aria-label="Just decided">
          <h2>Just decided</h2>
          <ul>{receipts.slice(0, 4).map((receipt) => <li key={receipt.hold}><ReceiptLine receipt={receipt} /></li>)}</ul>
        </section>
      )}
    </section>
  );
}

function Row({ row, selected, onSelect }: { row: InboxRow; selected: boolean; onSelect: (hold: string) => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const element = button.current;
    if (!selected || element === null) return;
    element.scrollIntoView({ block: "nearest" });
    // The focus follows only where it already was in the list.
    if (document.activeElement?.closest("[data-testid=inbox-row]") !== null) element.focus({ preventScroll: true });
  }, [selected]);
  return (
    <button
      ref={button} type="button" className={classes.row} aria-current={selected || undefined}
      data-testid="inbox-row" data-hold={row.hold} data-tool={`${row.upstream}/${row.tool}`}
      onClick={() => { onSelect(row.hold); }}
    >
      <b className={classes.tool}><Marked text={row.tool} /></b>
      <span className={classes.time}><Countdown until={row.deadline} /></span>
      <span className={classes.summary}>
        <Marked text={row.agent} /> · <Marked text={row.upstream} /> · <Marked text={row.summary} />
      </span>
      {row.needs === "step_up" ? <Tag tone="step">Step up</Tag> : <Tag tone="hold">Approval</Tag>}
    </button>
  );
}
