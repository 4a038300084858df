/** Every call, newest first: what it was, how it ended, which policies decided, who voted. */
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Empty } from "@/components/empty";
import { Failure } from "@/components/failure";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { activityQuery } from "@/ipc/queries";
import type { ActivityRow } from "@/ipc/schema";
import { useKeys } from "@/lib/keys";
import { dayHeading, startOfDay } from "@/lib/time";
import classes from "./activity-page.module.css";
import { CallRow } from "./call-row";
import { isOutcome, OUTCOME_NAMES, OUTCOMES, type Outcome } from "./outcomes";

type Filter = { text: string | null; outcome: Outcome | null };

const TYPING_PAUSE = 200;

export function ActivityPage({ filter, onFilter }: { filter: Filter; onFilter: (filter: Filter) => void }) {
  const query = useInfiniteQuery(activityQuery(filter));
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const filtered = filter.text !== null || filter.outcome !== null;
  return (
    <Page title="Activity" actions={<Filters filter={filter} onFilter={onFilter} />}>
      {query.error !== null && (
        <Failure what="The activity could not be read. The journal is kept." error={query.error} onRetry={() => void query.refetch()} />
      )}
      {query.isPending && <Pending what="the activity" />}
      {query.isSuccess && rows.length === 0 && (
        filtered
          ? (
            <Empty title="No call matches" testId="empty-activity">
              <p>Search looks in agent, upstream, tool and arguments.</p>
              <Button onClick={() => { onFilter({ text: null, outcome: null }); }}>Show all calls</Button>
            </Empty>
          )
          : (
            <Empty title="No call has come through yet" testId="empty-activity">
              <p>Each call an agent makes is listed here, with what was decided and why. Send a practice call from the inbox to see one.</p>
            </Empty>
          )
      )}
      <Days rows={rows} />
      {query.hasNextPage && (
        <div>
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()} data-testid="older">
            {query.isFetchingNextPage ? "Reading older calls…" : "Show older calls"}
          </Button>
        </div>
      )}
    </Page>
  );
}

function Days({ rows }: { rows: readonly ActivityRow[] }) {
  const [openSeq, setOpenSeq] = useState<number | null>(null);
  const [now] = useState(() => Date.now());
  return byDay(rows).map(([day, calls]) => (
    <section key={day} aria-label={dayHeading(day, now)}>
      <h2 className={classes.day}>{dayHeading(day, now)}</h2>
      <ul className={classes.calls}>
        {calls.map((row) => (
          <li key={row.seq} className={classes.call}>
            <CallRow
              row={row} open={row.seq === openSeq}
              onToggle={() => { setOpenSeq(row.seq === openSeq ? null : row.seq); }}
            />
          </li>
        ))}
      </ul>
    </section>
  ));
}

function Filters({ filter, onFilter }: { filter: Filter; onFilter: (filter: Filter) => void }) {
  const [text, setText] = useState(filter.text ?? "");
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef({ filter, onFilter });
  useEffect(() => { latest.current = { filter, onFilter }; });
  useKeys({ "/": () => { input.current?.focus(); } });

  useEffect(() => {
    const timer = setTimeout(() => {
      const { filter: current, onFilter: set } = latest.current;
      const wanted = text.trim() === "" ? null : text.trim();
      if (wanted !== current.text) set({ ...current, text: wanted });
    }, TYPING_PAUSE);
    return () => { clearTimeout(timer); };
  }, [text]);

  return (
    <>
      <TextInput
        ref={input} type="search" aria-label="Search calls" placeholder="Search" value={text} className={classes.search}
        onChange={(event) => { setText(event.currentTarget.value); }} data-testid="activity-search"
      />
      <NativeSelect
        aria-label="Outcome" value={filter.outcome ?? ""} data-testid="activity-outcome"
        data={[{ value: "", label: "Every outcome" }, ...OUTCOME_NAMES.map((name) => ({ value: name, label: OUTCOMES[name].word }))]}
        onChange={(event) => {
          const { value } = event.currentTarget;
          onFilter({ ...filter, outcome: isOutcome(value) ? value : null });
        }}
      />
    </>
  );
}

function byDay(rows: readonly ActivityRow[]): [number, ActivityRow[]][] {
  const days = new Map<number, ActivityRow[]>();
  for (const row of rows) {
    const day = startOfDay(row.at);
    const calls = days.get(day);
    if (calls === undefined) days.set(day, [row]);
    else calls.push(row);
  }
  return [...days];
}
