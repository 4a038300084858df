/** Every call, newest first: what it was, how it ended, which policies decided, who voted. */
import { Button, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { Empty } from "@/components/empty";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { activityQuery } from "@/ipc/queries";
import type { ActivityRow } from "@/ipc/schema";
import { useToday } from "@/lib/clock";
import { dayHeading, startOfDay } from "@/lib/time";
import classes from "./activity-page.module.css";
import { CallRow } from "./call-row";
import { CallTable } from "./call-table";
import { Export } from "./export";
import { isFiltered, moreFilters, NO_FILTER, requestOf, type Filter } from "./filter";
import { MoreFilters, TopFilters } from "./filters";
import { OverTime } from "./over-time";

export function ActivityPage({ filter, onFilter }: { filter: Filter; onFilter: (filter: Filter) => void }) {
  const query = useInfiniteQuery(activityQuery(requestOf(filter)));
  const [open, setOpen] = useState(() => moreFilters(filter) > 0);
  const [exporting, setExporting] = useState(false);
  // The chart costs as much as a page of calls: it is drawn anew only when it shows something else.
  const latest = useRef(onFilter);
  useEffect(() => { latest.current = onFilter; });
  const filterBy = useCallback((wanted: Filter) => { latest.current(wanted); }, []);
  const read = useMemo(() => query.data?.pages.flatMap((page) => page.rows) ?? [], [query.data]);
  // Many new rows are drawn in slices, between which the window answers.
  const rows = useDeferredValue(read);
  return (
    <Page
      title="Activity"
      actions={(
        <>
          <TopFilters filter={filter} onFilter={onFilter} open={open} onOpen={() => { setOpen(!open); }} />
          <Button onClick={() => { setExporting(true); }} data-testid="export">Export</Button>
        </>
      )}
    >
      {open && <MoreFilters filter={filter} onFilter={onFilter} />}
      {filter.call === null && <OverTime filter={filter} onFilter={filterBy} />}
      {filter.call !== null && (
        <Notice
          tone="neutral" title="The list begins with one call and goes back from there." testId="from-call"
          actions={<Button size="xs" onClick={() => { onFilter({ ...filter, call: null }); }}>Show the newest</Button>}
        />
      )}
      {query.error !== null && (
        <Failure what="The activity could not be read. The journal is kept." error={query.error} onRetry={() => void query.refetch()} />
      )}
      {query.isPending && <Pending what="the activity" />}
      {query.isSuccess && rows.length === 0 && (
        isFiltered(filter)
          ? (
            <Empty title="No call matches" testId="empty-activity">
              <p>Search looks in the names of agent, user, upstream and tool. Calls are kept for a while, not for ever.</p>
              <Button onClick={() => { onFilter(NO_FILTER); }}>Show all calls</Button>
            </Empty>
          )
          : (
            <Empty title="No call has come through yet" testId="empty-activity">
              <p>Each call an agent makes is listed here, with what was decided and why. Send a practice call from the inbox to see one.</p>
            </Empty>
          )
      )}
      {query.hasPreviousPage && (
        <div>
          <Button disabled={query.isFetchingPreviousPage} onClick={() => void query.fetchPreviousPage()} data-testid="newer">
            {query.isFetchingPreviousPage ? "Reading newer calls…" : "Show newer calls"}
          </Button>
        </div>
      )}
      {rows.length > 0 && (
        <SegmentedControl
          className={classes.views} size="xs" aria-label="How calls are listed" value={filter.view ?? "timeline"} data-testid="view"
          data={[{ value: "timeline", label: "Timeline" }, { value: "table", label: "Table" }]}
          onChange={(view) => { onFilter({ ...filter, view: view === "table" ? "table" : null }); }}
        />
      )}
      {filter.view === "table" && rows.length > 0 && <CallTable rows={rows} filter={filter} />}
      {filter.view === null && rows.length > 0 && (
        <Days
          key={filter.call} rows={rows} first={filter.call}
          onOnly={(only) => {
            setOpen(true);
            onFilter({ ...filter, ...only, call: null });
          }}
        />
      )}
      {query.hasNextPage && (
        <div>
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()} data-testid="older">
            {query.isFetchingNextPage ? "Reading older calls…" : "Show older calls"}
          </Button>
        </div>
      )}
      {exporting && <Export filter={filter} onClose={() => { setExporting(false); }} />}
    </Page>
  );
}

function Days({ rows, first, onOnly }: {
  rows: readonly ActivityRow[];
  /** Open from the start. */
  first: number | null;
  onOnly: (only: Partial<Filter>) => void;
}) {
  const [openSeq, setOpenSeq] = useState(first);
  const now = useToday();
  // Rows are many and change seldom: what they get stays the same, so that only new ones are drawn.
  const latest = useRef(onOnly);
  useEffect(() => { latest.current = onOnly; });
  const only = useCallback((what: Partial<Filter>) => { latest.current(what); }, []);
  const toggle = useCallback((seq: number) => { setOpenSeq((open) => open === seq ? null : seq); }, []);
  return byDay(rows).map(([day, calls]) => (
    <section key={day} aria-label={dayHeading(day, now)}>
      <h2 className={classes.day}>{dayHeading(day, now)}</h2>
      <ul className={classes.calls}>
        {calls.map((row) => (
          <li key={row.seq} className={classes.call}>
            <CallRow
              row={row} open={row.seq === openSeq} onOnly={only} onToggle={toggle}
            />
          </li>
        ))}
      </ul>
    </section>
  ));
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
