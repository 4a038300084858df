/** Arguments as rows: typed, titled, with their size; what is long is folded and counted as unread until it was opened. */
import { UnstyledButton } from "@mantine/core";
import { memo, useEffect, useState, useTransition } from "react";
import { LongText } from "@/components/long-text";
import { ValueRow, ValueTable } from "@/components/value-table";
import type { CardArgument, CardChange } from "@/ipc/schema";
import { count, plural, size } from "@/lib/words";
import classes from "./card-arguments.module.css";
import { Earlier } from "./earlier";

/** What has not been on screen yet: folded values, and rows after the last one shown. */
export type Unread = { values: number; rows: number };

const ROWS = 40;
const MORE = 120;

/** Drawn anew only when the rows are others: a card with many of them stays quick. */
export const ArgumentRows = memo(function ArgumentRows({ label, rows, first = ROWS, changes = NONE, onUnread }: {
  label: string;
  rows: readonly CardArgument[];
  /** So many at first. */
  first?: number;
  /** What is not as it was, by place. */
  changes?: ReadonlyMap<number, CardChange>;
  onUnread: (unread: Unread) => void;
}) {
  const [limit, setLimit] = useState(first);
  const [read, setRead] = useState<ReadonlySet<number>>(new Set());
  const [, startTransition] = useTransition();
  const shown = rows.slice(0, limit);
  const left = rows.length - shown.length;
  const folded = shown.filter((row, index) => row.folded && !read.has(index)).length;
  useEffect(() => { onUnread({ values: folded, rows: left }); }, [folded, left, onUnread]);
  return (
    <>
      <ValueTable label={label}>
        {shown.map((row, index) => (
          <ValueRow key={index} name={row.path} note={noteOf(row)} testId="argument" changed={changes.has(index)}>
            <LongText
              pieces={row.pieces} characters={row.characters} folded={row.folded}
              onRead={() => { setRead((before) => new Set(before).add(index)); }}
            />
            {row.unit !== undefined && <span className={classes.unit}> {row.unit}</span>}
            <Earlier now={row} change={changes.get(index)} />
          </ValueRow>
        ))}
      </ValueTable>
      {left > 0 && (
        <UnstyledButton className={classes.more} onClick={() => { startTransition(() => { setLimit(limit + MORE); }); }}>
          Show {count(Math.min(left, MORE))} more of {plural(left, "argument")} not shown yet
        </UnstyledButton>
      )}
    </>
  );
});

const NONE: ReadonlyMap<number, CardChange> = new Map();

function noteOf({ title, kind, characters, folded }: CardArgument): string {
  return [title, kind, folded ? size(characters) : null].filter((part) => part !== null).join(", ");
}
