/** One grant: which calls it lets go, where it came from, how often it was used, and when it ends. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Ago } from "@/components/ago";
import { Marked } from "@/components/marked";
import { Tag, type Tone } from "@/components/tag";
import type { GrantRow, GrantState } from "@/ipc/schema";
import { useNow } from "@/lib/clock";
import { moment } from "@/lib/time";
import { count, plural } from "@/lib/words";
import classes from "./grant-item.module.css";

const STATES: Record<GrantState, { word: string; tone: Tone; means: string }> = {
  in_force: { word: "In force", tone: "allow", means: "" },
  expired: { word: "Expired", tone: "neutral", means: "Its time is over." },
  used_up: { word: "Used up", tone: "neutral", means: "It was used as often as it may be." },
  revoked: { word: "Revoked", tone: "deny", means: "Such calls wait for you again." },
  void: { word: "Void", tone: "hold", means: "The tool, or the flow it stood in for, is not what it was." },
};

export function GrantItem({ grant, busy, onRevoke }: { grant: GrantRow; busy: boolean; onRevoke: () => void }) {
  const { word, tone, means } = STATES[grant.state];
  const tool = `${grant.upstream}/${grant.tool}`;
  const open = grant.state === "in_force";
  return (
    <article className={classes.grant} aria-label={`${grant.agent}, ${tool}`} data-testid="grant-item" data-state={grant.state}>
      <div className={classes.head}>
        <p className={classes.what}>
          <strong><Marked text={grant.agent} /></strong> may run <code><Marked text={tool} /></code>
        </p>
        <Tag tone={tone}>{word}</Tag>
        {open && (
          <Button
            size="xs" disabled={busy} onClick={onRevoke} data-testid={`revoke-${grant.id}`}
            aria-label={`Revoke ${grant.agent}, ${tool}`}
          >
            Revoke
          </Button>
        )}
      </div>
      <ul className={classes.scope} aria-label="Only with">
        {grant.scope.map(({ argument, words }) => (
          <li key={argument}><span className={classes.argument}><Marked text={argument} /></span> <Marked text={words} /></li>
        ))}
        {grant.scope.length === 0 && <li>without arguments</li>}
        {grant.project !== null && <li><span className={classes.argument}>folder</span> <Marked text={grant.project} /></li>}
        {grant.session && <li>in its session of then</li>}
      </ul>
      <p className={classes.line}>
        <span>{open ? <Until until={grant.until} /> : means}</span>
        <span>{usedWords(grant)}{grant.last_used !== null && <>, last <Ago at={grant.last_used} precision="minute" /></>}</span>
        <span>
          made <Ago at={grant.made_at} precision="minute" /> by <Marked text={grant.made_by} />, for <Marked text={grant.user} />
          {grant.origin !== null && (
            <>
              {", "}
              <Link to="/activity" search={{ call: grant.origin }} className={classes.link} data-testid={`origin-${grant.id}`}>on this call</Link>
            </>
          )}
        </span>
      </p>
    </article>
  );
}

function Until({ until }: { until: number }) {
  const minutes = Math.max(0, Math.ceil((until - useNow("minute")) / 60_000));
  return <time dateTime={new Date(until).toISOString()}>{minutes < 120 ? `ends in ${plural(minutes, "minute")}` : `ends ${moment(until)}`}</time>;
}

/** "used 3 times, 2 more calls left" */
function usedWords({ hits, uses_left: left, state }: GrantRow): string {
  const used = hits === 0 ? "not used yet" : `used ${hits === 1 ? "once" : `${count(hits)} times`}`;
  return left === null || state !== "in_force" ? used : `${used}, for ${plural(left, "more call")}`;
}
