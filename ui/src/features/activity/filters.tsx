/** The filters: text and outcome always, the others in a row of their own. What is chosen is in the address. */
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Icon } from "@/components/icon";
import { agentsQuery, policiesQuery, upstreamsQuery } from "@/ipc/queries";
import { useKeys } from "@/lib/keys";
import { plural } from "@/lib/words";
import classes from "./filters.module.css";
import { isFiltered, moreFilters, NO_FILTER, type Filter } from "./filter";
import { isOutcome, OUTCOME_NAMES, OUTCOMES } from "./outcomes";

const TYPING_PAUSE = 200;

type Props = { filter: Filter; onFilter: (filter: Filter) => void };

export function TopFilters({ filter, onFilter, open, onOpen }: Props & { open: boolean; onOpen: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => { input.current?.focus(); } });
  const more = moreFilters(filter);
  return (
    <>
      <Typed
        ref={input} type="search" label="Search calls" hidden placeholder="Search" value={filter.text} className={classes.search}
        testId="activity-search" onChange={(text) => { onFilter({ ...filter, text }); }}
      />
      <NativeSelect
        aria-label="Outcome" value={filter.outcome ?? ""} data-testid="activity-outcome"
        data={[{ value: "", label: "Every outcome" }, ...OUTCOME_NAMES.map((name) => ({ value: name, label: OUTCOMES[name].word }))]}
        onChange={(event) => {
          const { value } = event.currentTarget;
          onFilter({ ...filter, outcome: isOutcome(value) ? value : null });
        }}
      />
      <Button aria-expanded={open} rightSection={<Icon name="down" />} onClick={onOpen} data-testid="more-filters">
        {more === 0 ? "Filters" : plural(more, "filter")}
      </Button>
    </>
  );
}

export function MoreFilters({ filter, onFilter }: Props) {
  const { data: agents } = useQuery(agentsQuery);
  const { data: upstreams } = useQuery(upstreamsQuery);
  const { data: policies } = useQuery(policiesQuery);
  return (
    <div className={classes.more} role="group" aria-label="Filters" data-testid="filters">
      <Choice
        label="Agent" every="Every agent" value={filter.agent} testId="filter-agent"
        names={agents?.agents.map(({ name }) => ({ value: name, label: name })) ?? []}
        onChange={(agent) => { onFilter({ ...filter, agent }); }}
      />
      <Choice
        label="Upstream" every="Every upstream" value={filter.upstream} testId="filter-upstream"
        names={upstreams?.map(({ name }) => ({ value: name, label: name })) ?? []}
        onChange={(upstream) => { onFilter({ ...filter, upstream }); }}
      />
      <Typed label="Tool" placeholder="Whole name" value={filter.tool} testId="filter-tool" onChange={(tool) => { onFilter({ ...filter, tool }); }} />
      <Choice
        label="Policy" every="Every policy" value={filter.policy} testId="filter-policy"
        names={policies?.rows.map(({ id, name }) => ({ value: id, label: name })) ?? []}
        onChange={(policy) => { onFilter({ ...filter, policy }); }}
      />
      <Day label="From" value={filter.since} testId="filter-since" onChange={(since) => { onFilter({ ...filter, since }); }} />
      <Day label="To" value={filter.until} testId="filter-until" onChange={(until) => { onFilter({ ...filter, until }); }} />
      <Button className={classes.clear} disabled={!isFiltered(filter)} onClick={() => { onFilter(NO_FILTER); }} data-testid="clear-filters">
        Clear
      </Button>
    </div>
  );
}

/** One of the names there are now, or one that an address brought along. */
function Choice({ label, every, names, value, testId, onChange }: {
  label: string;
  every: string;
  names: readonly { value: string; label: string }[];
  value: string | null;
  testId: string;
  onChange: (value: string | null) => void;
}) {
  const gone = value !== null && !names.some((name) => name.value === value) ? [{ value, label: value }] : [];
  return (
    <NativeSelect
      label={label} value={value ?? ""} data-testid={testId} data={[{ value: "", label: every }, ...names, ...gone]}
      onChange={(event) => { onChange(event.currentTarget.value === "" ? null : event.currentTarget.value); }}
    />
  );
}

function Day({ label, value, testId, onChange }: {
  label: string;
  value: string | null;
  testId: string;
  onChange: (value: string | null) => void;
}) {
  return (
    <TextInput
      type="date" label={label} value={value ?? ""} data-testid={testId}
      onChange={(event) => { onChange(event.currentTarget.value === "" ? null : event.currentTarget.value); }}
    />
  );
}

/** A text that counts once typing pauses. */
function Typed({ ref, label, hidden = false, value, testId, onChange, ...more }: {
  ref?: React.Ref<HTMLInputElement>;
  label: string;
  /** The label is read out, not shown. */
  hidden?: boolean;
  value: string | null;
  testId: string;
  type?: string;
  placeholder?: string;
  className?: string | undefined;
  onChange: (value: string | null) => void;
}) {
  const [text, setText] = useState(value ?? "");
  const [shown, setShown] = useState(value);
  const latest = useRef(onChange);
  useEffect(() => { latest.current = onChange; });
  // Set from outside: by another filter, or cleared.
  if (value !== shown) {
    setShown(value);
    if ((value ?? "") !== text.trim()) setText(value ?? "");
  }
  useEffect(() => {
    const wanted = text.trim() === "" ? null : text.trim();
    if (wanted === value) return;
    const timer = setTimeout(() => { latest.current(wanted); }, TYPING_PAUSE);
    return () => { clearTimeout(timer); };
  }, [text, value]);
  return (
    <TextInput
      {...(ref === undefined ? {} : { ref })} {...more} {...(hidden ? { "aria-label": label } : { label })} value={text} autoComplete="off"
      onChange={(event) => { setText(event.currentTarget.value); }} data-testid={testId}
    />
  );
}
