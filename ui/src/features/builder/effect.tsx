/** What the draft would have done to the calls on record: the newest at once, the rest behind, never in the way of typing. */
import { UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { memo, useEffect, useRef, useState } from "react";
import { Marked } from "@/components/marked";
import { Prose } from "@/components/prose";
import { Tag, type Tone } from "@/components/tag";
import { call } from "@/ipc/host";
import type { BacktestView, ChangedCall, Draft } from "@/ipc/schema";
import { moment } from "@/lib/time";
import { useSettledValue } from "@/lib/use-settled-value";
import { count, plural } from "@/lib/words";
import classes from "./builder.module.css";

const TONES: Record<ChangedCall["to"], Tone> = { deny: "deny", request_approval: "hold", step_up: "step", allow: "allow" };
const SHOWN = 5;
const DAYS = 30;

type State = { view: BacktestView | null; running: boolean; failed: string | null };

/** `draft` is null while it cannot be judged; what was found last stays on screen, and says so. */
export const Effect = memo(function Effect({ draft }: { draft: Draft | null }) {
  const settled = useSettledValue(draft, 350);
  const [state, setState] = useState<State>({ view: null, running: false, failed: null });
  const [all, setAll] = useState(false);
  const [days, setDays] = useState<number | null>(DAYS);
  const run = useRef(0);
  useEffect(() => {
    if (settled === null) return;
    const own = ++run.current;
    const isNewest = (): boolean => run.current === own;
    void (async () => {
      setState((before) => ({ ...before, running: true, failed: null }));
      try {
        let view: BacktestView | null = null;
        do {
          view = await call("backtest", { draft: settled, days, so_far: view });
          if (!isNewest()) return;
          setState({ view, running: view.before !== null, failed: null });
        } while (view.before !== null);
      } catch (error) {
        const failed = error instanceof Error ? error.message : String(error);
        if (isNewest()) setState((before) => ({ ...before, running: false, failed }));
      }
    })();
    return () => { run.current += 1; };
  }, [settled, days]);
  const { view, running, failed } = state;
  const unchanged = view === null ? 0 : view.judged - view.changed;
  return (
    <section aria-labelledby="effect" className={classes.side} data-testid="effect" data-running={running || undefined}>
      <h2 id="effect">{days === null ? "On all calls on record" : `In the last ${days} days`}{view !== null && `, ${plural(view.judged, "call")} that could match`}</h2>
      {draft === null && <p className="muted small">Shown again once the draft is finished.</p>}
      {failed !== null && draft !== null && <p className={classes.warn}>It could not be tried: <Prose text={failed} /></p>}
      {view !== null && (
        <div className={draft === null ? classes.stale : undefined}>
          {view.judged > 0 && <Bar view={view} />}
          <div className={classes.counts}>
            {view.moves.map((move) => <span key={`${move.from} ${move.to}`}><b>{count(move.calls)}</b> {move.words}</span>)}
            <span className="muted">{view.judged === 0 ? "No call could match." : `${count(unchanged)} unchanged`}</span>
          </div>
          {view.rows.length > 0 && (
            <ul className={`${classes.calls} ${classes.folded}`}>
              {(all ? view.rows : view.rows.slice(0, SHOWN)).map((row) => <Row key={row.seq} row={row} />)}
            </ul>
          )}
          {view.rows.length > SHOWN && (
            <UnstyledButton className={`${classes.link} ${classes.folded}`} onClick={() => { setAll(!all); }}>
              {all ? "Show fewer" : `Show ${view.changed > view.rows.length ? `the newest ${view.rows.length}` : `all ${view.rows.length}`}`}
            </UnstyledButton>
          )}
          <p className={`faint small ${classes.folded}`} role="status">
            {running && `Looking further back: ${plural(view.seen, "call")} so far…`}
            {!running && view.unreadable > 0 && `${plural(view.unreadable, "call")} can no longer be judged: their arguments are not on record.`}
          </p>
        </div>
      )}
      {draft !== null && (
        <UnstyledButton className={`${classes.link} ${classes.folded}`} onClick={() => { setDays(days === null ? DAYS : null); }} data-testid="effect-days">
          {days === null ? `Look at the last ${DAYS} days only` : "Look at all calls on record"}
        </UnstyledButton>
      )}
    </section>
  );
});

function Bar({ view }: { view: BacktestView }) {
  return (
    <div className={classes.bar} aria-hidden="true">
      {view.moves.map((move) => (
        <span key={`${move.from} ${move.to}`} data-tone={TONES[move.to]} style={{ flexGrow: move.calls, minWidth: 3 }} />
      ))}
      <span style={{ flexGrow: view.judged - view.changed }} />
    </div>
  );
}

function Row({ row }: { row: ChangedCall }) {
  return (
    <li>
      <details>
        <summary>
          <time dateTime={new Date(row.at).toISOString()} title={moment(row.at)}>{day.format(row.at)}</time>
          <span className={classes.callWords}><Marked text={row.summary} /></span>
          <Tag tone={TONES[row.to]}>{row.words}</Tag>
        </summary>
        <p className="muted small"><code><Marked text={row.tool} /></code>, <Marked text={row.agent} /> for <Marked text={row.user} />, {moment(row.at)}</p>
        <p className="small"><Marked text={row.summary} /></p>
        <p className="small"><Link to="/activity" search={{ call: row.seq }} className={classes.link}>Open it in Activity</Link></p>
      </details>
    </li>
  );
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
