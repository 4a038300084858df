/** Everything that will be sent. Long values are folded and counted as unread until they were opened. */
import { UnstyledButton } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import { LongText } from "@/components/long-text";
import { Tag } from "@/components/tag";
import { ValueRow, ValueTable } from "@/components/value-table";
import type { CardArgument, CardState } from "@/ipc/schema";
import { count, plural, size } from "@/lib/words";
import classes from "./card-arguments.module.css";

/** What has not been on screen yet: folded values, and rows after the last one shown. */
export type Unread = { values: number; rows: number };

const ROWS = 200;

const TITLES: Record<CardState, string> = {
  waiting: "What will be sent",
  approved: "What will be sent",
  released: "What was sent",
  ended: "What was asked",
};

export function CardArguments({ state, rows, action, onUnread }: {
  state: CardState;
  rows: readonly CardArgument[];
  /** What can be done with them. */
  action?: ReactNode;
  onUnread: (unread: Unread) => void;
}) {
  const [limit, setLimit] = useState(ROWS);
  const [read, setRead] = useState<ReadonlySet<number>>(new Set());
  const shown = rows.slice(0, limit);
  const left = rows.length - shown.length;
  const folded = shown.filter((row, index) => row.folded && !read.has(index)).length;
  useEffect(() => { onUnread({ values: folded, rows: left }); }, [folded, left, onUnread]);

  const hidden = rows.reduce((sum, row) => sum + row.pieces.filter(({ kind }) => kind === "hidden").length, 0);
  return (
    <section aria-label={TITLES[state]}>
      <div className={classes.head}>
        <h2>{TITLES[state]}, complete</h2>
        <span className={classes.side}>
          {hidden > 0 && <Tag tone="deny">{plural(hidden, "hidden character")}, marked</Tag>}
          {action}
        </span>
      </div>
      {rows.length === 0
        ? <p className={classes.none}>No arguments.</p>
        : (
          <ValueTable label="Arguments">
            {shown.map((row, index) => (
              <ValueRow key={index} name={row.path} note={noteOf(row)} testId="argument">
                <LongText
                  pieces={row.pieces} characters={row.characters} folded={row.folded}
                  onRead={() => { setRead((before) => new Set(before).add(index)); }}
                />
              </ValueRow>
            ))}
          </ValueTable>
        )}
      {left > 0 && (
        <UnstyledButton className={classes.more} onClick={() => { setLimit(limit + ROWS); }}>
          Show {count(Math.min(left, ROWS))} more of {plural(left, "argument")} not shown yet
        </UnstyledButton>
      )}
    </section>
  );
}

function noteOf({ title, kind, characters, folded }: CardArgument): string {
  return [title, kind, folded ? size(characters) : null].filter((part) => part !== null).join(", ");
}
