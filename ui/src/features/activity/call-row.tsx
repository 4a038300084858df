/** One call: a line, and on demand everything that is kept of it. */
import { UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { Icon } from "@/components/icon";
import { LongText } from "@/components/long-text";
import { Marked } from "@/components/marked";
import { Tag } from "@/components/tag";
import { ValueRow, ValueTable } from "@/components/value-table";
import type { ActivityRow } from "@/ipc/schema";
import { piecesOf } from "@/lib/pieces";
import { clockTime, moment } from "@/lib/time";
import classes from "./call-row.module.css";
import { OUTCOMES } from "./outcomes";
import { Trace } from "./trace";

const FOLD_AFTER = 400;
const FOLD_AFTER_LINES = 24;

type Only = { agent: string } | { upstream: string; tool: string } | { policy: string };

export const CallRow = memo(function CallRow({ row, open, onToggle, onOnly }: {
  row: ActivityRow;
  open: boolean;
  onToggle: (seq: number) => void;
  /** Narrows the list to calls like this one. */
  onOnly: (only: Only) => void;
}) {
  const { word, tone, icon } = OUTCOMES[row.outcome];
  return (
    <>
      <UnstyledButton
        className={classes.row} aria-expanded={open} onClick={() => { onToggle(row.seq); }}
        data-testid="activity-row" data-seq={row.seq} data-outcome={row.outcome}
      >
        <time className={classes.time} dateTime={new Date(row.at).toISOString()}>{clockTime(row.at)}</time>
        <span className={classes.outcome}><Tag tone={tone} icon={<Icon name={icon} size={12} />}>{word}</Tag></span>
        <span className={classes.what}>
          <b><Marked text={row.tool} /></b>
          <span className={classes.summary}><Marked text={row.summary} /></span>
        </span>
        <span className={classes.who}><Marked text={row.agent} /> · <Marked text={row.upstream} /></span>
        <span className={classes.open} data-open={open || undefined}><Icon name="down" /></span>
      </UnstyledButton>
      {open && <Detail row={row} onOnly={onOnly} />}
    </>
  );
});

function Detail({ row, onOnly }: { row: ActivityRow; onOnly: (only: Only) => void }) {
  return (
    <div className={classes.detail} data-testid="activity-detail">
      <dl className={classes.facts}>
        <Fact name="Outcome">{OUTCOMES[row.outcome].means}{row.why !== undefined && <> It was refused because {row.why}.</>}</Fact>
        <Fact name="At">{moment(row.at)}</Fact>
        <Fact name="Agent">
          <Marked text={row.agent} />, for <Marked text={row.user} />
          <OnlyThese what="this agent" onClick={() => { onOnly({ agent: row.agent }); }} />
        </Fact>
        <Fact name="Tool">
          <code><Marked text={`${row.upstream}/${row.tool}`} /></code>
          <OnlyThese what="this tool" onClick={() => { onOnly({ upstream: row.upstream, tool: row.tool }); }} />
        </Fact>
        <Fact name="Policies">
          {row.policies.length === 0
            ? "None applied; the default of the set decided."
            : row.policies.map((policy) => (
              <span key={policy.id} className={classes.policy}><Marked text={policy.name} /> <code className="faint">{policy.id}</code>
                <OnlyThese what="this policy" onClick={() => { onOnly({ policy: policy.id }); }} />
              </span>
            ))}
        </Fact>
        {row.decided_by !== null && <Fact name="Decided by"><Marked text={row.decided_by} /></Fact>}
        {row.hold !== null && row.outcome === "waiting" && (
          <Fact name="Hold">
            <Link to="/inbox" search={{ hold: row.hold }} className={classes.link}>Open it in the inbox</Link>
          </Fact>
        )}
        <Fact name="Policy">
          <Link to="/builder" search={{ seq: row.seq }} className={classes.link} data-testid="policy-from-call">Make a policy from this call</Link>
        </Fact>
      </dl>
      {row.detail.length > 0
        ? (
          <ValueTable label="Arguments">
            {row.detail.map(({ path, value }, index) => (
              <ValueRow key={index} name={path}>
                <LongText pieces={piecesOf(value)} characters={value.length} folded={value.length > FOLD_AFTER || value.split("\n", FOLD_AFTER_LINES + 1).length > FOLD_AFTER_LINES} />
              </ValueRow>
            ))}
          </ValueTable>
        )
        : <p className="faint small">No arguments are kept for this call.</p>}
      <Trace seq={row.seq} />
    </div>
  );
}

function OnlyThese({ what, onClick }: { what: string; onClick: () => void }) {
  return <button type="button" className={classes.only} onClick={onClick}>Only {what}</button>;
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return <div className={classes.fact}><dt>{name}</dt><dd>{children}</dd></div>;
}
