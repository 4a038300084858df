/** Everything that will be sent, and what is not as it was when a call of this tool was approved last. */
import { useMemo, type ReactNode } from "react";
import { LongText } from "@/components/long-text";
import { Marked } from "@/components/marked";
import { Tag } from "@/components/tag";
import type { Card, CardState, LastApproved } from "@/ipc/schema";
import { useNow } from "@/lib/clock";
import { ago, moment } from "@/lib/time";
import { plural } from "@/lib/words";
import { ArgumentRows, type Unread } from "./argument-rows";
import classes from "./card-arguments.module.css";
import { Changed } from "./changed";

const TITLES: Record<CardState, string> = {
  waiting: "What will be sent",
  approved: "What will be sent",
  released: "What was sent",
  ended: "What was asked",
};

export function CardArguments({ card, action, onUnread }: {
  card: Pick<Card, "state" | "arguments" | "last_approved" | "asked">;
  /** What can be done with them. */
  action?: ReactNode;
  onUnread: (unread: Unread) => void;
}) {
  const { state, arguments: rows, last_approved: last } = card;
  const changes = useMemo(() => new Map(last?.changes.map((change) => [change.argument, change])), [last]);
  const { hidden, look_alike: passing } = useMemo(() => marks(rows), [rows]);
  return (
    <section aria-label={TITLES[state]}>
      <div className={classes.head}>
        <h2>{TITLES[state]}, complete</h2>
        <span className={classes.side}>
          {hidden > 0 && <Tag tone="deny">{plural(hidden, "hidden character")}, marked</Tag>}
          {passing > 0 && <Tag tone="deny">{plural(passing, "look-alike")}, marked</Tag>}
          {action}
        </span>
      </div>
      {card.asked !== undefined && <Changed asked={card.asked} rows={rows} />}
      {last !== undefined && <Since last={last} />}
      {rows.length === 0
        ? <p className={classes.none}>No arguments.</p>
        : <ArgumentRows label="Arguments" rows={rows} changes={changes} onUnread={onUnread} />}
      {last !== undefined && last.gone.length > 0 && <Gone last={last} />}
    </section>
  );
}

/** How many characters are marked, by what they are marked for. */
function marks(rows: Card["arguments"]): { hidden: number; look_alike: number } {
  const found = { hidden: 0, look_alike: 0 };
  for (const { pieces } of rows) {
    for (const { kind } of pieces) if (kind !== "plain") found[kind] += 1;
  }
  return found;
}

/** "3 values differ from the last approved call: Ana, in the window, 2 h ago." */
function Since({ last }: { last: LastApproved }) {
  const differ = last.changes.length + last.gone.length;
  const what = differ === 0 ? "Nothing differs" : `${plural(differ, "value")} ${differ === 1 ? "differs" : "differ"}`;
  return (
    <p className={classes.since} data-testid="last-approved">
      <strong>{what}</strong> from the last approved call of this tool{last.agent !== null && <>, by <Marked text={last.agent} /></>}:{" "}
      <Marked text={last.by} />, <time title={moment(last.at)}>{ago(useNow() - last.at)}</time>.
    </p>
  );
}

const GONE = 20;

function Gone({ last: { gone } }: { last: LastApproved }) {
  return (
    <div className={classes.gone} data-testid="gone">
      <span>Not there any more:</span>
      <ul>
        {gone.slice(0, GONE).map((row, index) => (
          <li key={index}>
            <Marked text={row.path} /> was{" "}
            <del><LongText inLine pieces={row.pieces} characters={row.characters} folded={row.folded} /></del>
          </li>
        ))}
        {gone.length > GONE && <li>and {plural(gone.length - GONE, "more argument")}</li>}
      </ul>
    </div>
  );
}
