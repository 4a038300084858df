/** The same calls as a table: a line each, everything to compare in its own column. */
import { Link } from "@tanstack/react-router";
import { Icon } from "@/components/icon";
import { Marked } from "@/components/marked";
import { Tag } from "@/components/tag";
import type { ActivityRow } from "@/ipc/schema";
import { moment } from "@/lib/time";
import { listed } from "@/lib/words";
import classes from "./call-table.module.css";
import { searchOf, type Filter } from "./filter";
import { OUTCOMES } from "./outcomes";

export function CallTable({ rows, filter }: { rows: readonly ActivityRow[]; filter: Filter }) {
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Calls as a table">
      <table className={classes.table} data-testid="call-table">
        <thead>
          <tr>{["When", "Outcome", "Agent", "User", "Tool", "Policies", "Decided by"].map((name) => <th key={name} scope="col">{name}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const { word, tone, icon } = OUTCOMES[row.outcome];
            return (
              <tr key={row.seq} data-testid="table-row">
                <td className={classes.when}>
                  <Link to="/activity" search={searchOf({ ...filter, view: null, call: row.seq })} title="Show everything kept of it">
                    <time dateTime={new Date(row.at).toISOString()}>{moment(row.at)}</time>
                  </Link>
                </td>
                <td><Tag tone={tone} icon={<Icon name={icon} size={12} />}>{word}</Tag></td>
                <td><Marked text={row.agent} /></td>
                <td><Marked text={row.user} /></td>
                <td><code><Marked text={`${row.upstream}/${row.tool}`} /></code></td>
                <td>{row.policies.length === 0 ? <span className="faint">the default</span> : <Marked text={listed(row.policies.map(({ name }) => name))} />}</td>
                <td>{row.decided_by !== null && <Marked text={row.decided_by} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
