/** Calls over time: bars to see, the same numbers as a table to read. The bars come when they are first needed. */
import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, memo, Suspense, useState } from "react";
import { Failure } from "@/components/failure";
import { Icon } from "@/components/icon";
import { countsQuery } from "@/ipc/queries";
import { useNow } from "@/lib/clock";
import { count, plural } from "@/lib/words";
import { requestOf, type Filter } from "./filter";
import { barsOf, GROUP_NAMES, GROUPS, totalsOf, type Bar } from "./groups";
import classes from "./over-time.module.css";
import { bucketsOf, dayOf, daysAgo, longLabel, spanOf, UNIT_WORDS, type Buckets } from "./spans";

const Bars = lazy(() => import("./bars"));

const RANGES = [{ days: 1, label: "Today" }, { days: 7, label: "7 days" }, { days: 30, label: "30 days" }, { days: 365, label: "Year" }];

type Props = { filter: Filter; onFilter: (filter: Filter) => void };

export const OverTime = memo(function OverTime({ filter, onFilter }: Props) {
  const [asNumbers, setAsNumbers] = useState(false);
  const { since, until, ...names } = requestOf(filter);
  // Asked for twice at most: the second time the beginning of the record is known.
  const [oldest, setOldest] = useState<number | null>(null);
  // The window stays open for days: what is today, and where the bars end, moves on. Without a call there are none.
  const now = useNow("minute", oldest !== null);
  const buckets = bucketsOf(...spanOf({ since, until }, oldest, now));
  const query = useQuery(countsQuery(buckets.edges, names));
  const found = query.data?.oldest ?? null;
  if (found !== null && oldest === null) setOldest(found);
  if (query.error !== null) {
    return <Failure what="The counts could not be read. The calls below are." error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (query.data === undefined) return <div className={classes.room} aria-busy="true" />;
  if (found === null) return null;
  const bars = barsOf(query.data.counts, buckets.edges.length - 1);
  const totals = totalsOf(bars);
  const calls = bars.reduce((sum, bar) => sum + bar.calls, 0);
  const range = RANGES.find(({ days }) => filter.until === null && filter.since === daysAgo(now, days));
  const onOpen = buckets.unit === "hour"
    ? null
    : (bucket: number) => {
      const [from, to] = [buckets.edges[bucket], buckets.edges[bucket + 1]];
      if (from !== undefined && to !== undefined) onFilter({ ...filter, since: dayOf(from), until: dayOf(to - 3_600_000), call: null });
    };
  return (
    <section className={classes.room} aria-label="Calls over time" data-testid="over-time">
      <div className={classes.head}>
        <h2>{plural(calls, "call")} {UNIT_WORDS[buckets.unit]}, {spanWords(buckets, filter)}</h2>
        <SegmentedControl
          size="xs" aria-label="Stretch of time" value={range === undefined ? "" : String(range.days)} data-testid="range"
          data={RANGES.map(({ days, label }) => ({ value: String(days), label }))}
          onChange={(days) => { onFilter({ ...filter, since: daysAgo(now, Number(days)), until: null, call: null }); }}
        />
        <Button size="xs" variant="subtle" aria-pressed={asNumbers} onClick={() => { setAsNumbers(!asNumbers); }} data-testid="as-numbers">
          Numbers
        </Button>
      </div>
      {asNumbers
        ? <Numbers bars={bars} buckets={buckets} />
        : (
          <Suspense fallback={<div className={classes.bars} />}>
            <div className={classes.bars}><Bars bars={bars} buckets={buckets} onOpen={onOpen} /></div>
          </Suspense>
        )}
      <ul className={classes.legend}>
        {GROUP_NAMES.map((name) => {
          const { word, tone, icon } = GROUPS[name];
          return (
            <li key={name} data-tone={tone} data-none={totals[name] === 0 || undefined}>
              <Icon name={icon} size={12} /> {word} <span className="numbers">{count(totals[name])}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
});

function spanWords({ edges, unit }: Buckets, filter: Filter): string {
  const [first, last] = [edges[0] ?? 0, edges.at(-1) ?? 0];
  if (filter.since === null && filter.until === null) return `the last ${plural(edges.length - 1, "day")}`;
  const [from, to] = [longLabel(first, first, unit === "hour" ? "day" : unit), longLabel(last - 1, last, unit === "hour" ? "day" : unit)];
  return from === to ? from : `${from} to ${to}`;
}

/** Only buckets with calls: a year has many without. */
function Numbers({ bars, buckets }: { bars: readonly Bar[]; buckets: Buckets }) {
  const some = bars.filter(({ calls }) => calls > 0).reverse();
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label="Calls as numbers">
      <table className={classes.numbers} data-testid="numbers">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Calls</th>
            {GROUP_NAMES.map((name) => <th key={name} scope="col">{GROUPS[name].word}</th>)}
          </tr>
        </thead>
        <tbody>
          {some.map((bar) => (
            <tr key={bar.bucket}>
              <th scope="row">{longLabel(buckets.edges[bar.bucket] ?? 0, buckets.edges[bar.bucket + 1] ?? 0, buckets.unit)}</th>
              <td>{count(bar.calls)}</td>
              {GROUP_NAMES.map((name) => <td key={name}>{count(bar[name])}</td>)}
            </tr>
          ))}
          {some.length === 0 && <tr><td colSpan={GROUP_NAMES.length + 2}>No call in this stretch of time.</td></tr>}
        </tbody>
      </table>
    </div>
  );
}
