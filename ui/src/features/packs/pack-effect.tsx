/** What a pack would have done to the calls on record, if it were enforced: the newest at once, the rest behind. */
import { useEffect, useState } from "react";
import { Prose } from "@/components/prose";
import { call } from "@/ipc/host";
import type { BacktestView, PackSource } from "@/ipc/schema";
import { count, plural } from "@/lib/words";
import classes from "./packs-page.module.css";

export function PackEffect({ source, withDefault, nothing }: { source: PackSource; withDefault: boolean; nothing: boolean }) {
  const [view, setView] = useState<BacktestView | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const asked = JSON.stringify({ source, with_default: withDefault });
  useEffect(() => {
    if (nothing) return;
    let isStale = false;
    void (async () => {
      try {
        let so_far: BacktestView | null = null;
        do {
          const request = JSON.parse(asked) as { source: PackSource; with_default: boolean };
          so_far = await call("pack_effect", { ...request, so_far });
          // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by the clean-up while it waited
          if (isStale) return;
          setView(so_far);
          setFailed(null);
        } while (so_far.before !== null);
      } catch (error) {
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- as above: a newer answer stays
        if (isStale) return;
        setFailed(error instanceof Error ? error.message : String(error));
      }
    })();
    return () => { isStale = true; };
  }, [asked, nothing]);
  if (nothing) return <p className="muted">Everything in it is there already.</p>;
  return (
    <section className={classes.panel} aria-labelledby="pack-effect" data-testid="pack-effect">
      <h2 id="pack-effect">Enforced, it would have done this to the calls on record</h2>
      {failed !== null && <p className={classes.problem}>It could not be tried: <Prose text={failed} /></p>}
      {view === null && failed === null && <p className="muted">Looking at past calls…</p>}
      {view !== null && (
        <>
          <p className={classes.counts}>
            {view.moves.map((move) => <span key={`${move.from} ${move.to}`}><b>{count(move.calls)}</b> {move.words}</span>)}
            <span className="muted">{view.judged === 0 ? "No call on record could match." : `${count(view.judged - view.changed)} unchanged`}</span>
          </p>
          <p className="faint small" role="status">
            {view.before !== null && `Looking further back: ${plural(view.seen, "call")} so far…`}
          </p>
        </>
      )}
    </section>
  );
}
