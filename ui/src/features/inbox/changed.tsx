/** A call that an approver changed: what the agent had asked for in its place. Who reads the card did not ask for either. */
import { LongText } from "@/components/long-text";
import { Marked } from "@/components/marked";
import type { CardArgument } from "@/ipc/schema";
import { plural } from "@/lib/words";
import classes from "./card-arguments.module.css";

const MOST = 20;

export function Changed({ asked, rows }: { asked: readonly CardArgument[]; rows: readonly CardArgument[] }) {
  const now = new Map(rows.map((row) => [row.path, row]));
  const before = new Map(asked.map((row) => [row.path, row]));
  const other = asked.filter((row) => !isSame(row, now.get(row.path)));
  const added = rows.filter(({ path }) => !before.has(path));
  const values = other.length + added.length;
  return (
    <div className={classes.gone} data-testid="asked">
      <span><strong>An approver changed {plural(values, "value")}.</strong> The agent asked for:</span>
      <ul>
        {other.slice(0, MOST).map((row) => (
          <li key={row.path}>
            <Marked text={row.path} />{" "}
            <del><LongText inLine pieces={row.pieces} characters={row.characters} folded={row.folded} /></del>
            {now.has(row.path) ? "" : ", taken out"}
          </li>
        ))}
        {other.length > MOST && <li>and {plural(other.length - MOST, "more argument")}</li>}
        {added.slice(0, MOST).map(({ path }) => <li key={path}>no <Marked text={path} /></li>)}
        {added.length > MOST && <li>and {plural(added.length - MOST, "more argument")} less</li>}
      </ul>
    </div>
  );
}

function isSame(asked: CardArgument, now: CardArgument | undefined): boolean {
  return now !== undefined && now.kind === asked.kind && JSON.stringify(now.pieces) === JSON.stringify(asked.pieces);
}
