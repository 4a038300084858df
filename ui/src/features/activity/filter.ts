/** What Activity is filtered by. All of it lives in the address. */
import { isOutcome, type Outcome } from "./outcomes";

export type Filter = {
  text: string | null;
  outcome: Outcome | null;
  agent: string | null;
  upstream: string | null;
  tool: string | null;
  /** A policy's id. */
  policy: string | null;
  /** Days as `2026-11-23`, both ends included. */
  since: string | null;
  until: string | null;
  /** The list begins with this call, opened. */
  call: number | null;
  /** A table in place of the timeline. */
  view: "table" | null;
};

const WORDS = ["text", "agent", "upstream", "tool", "policy"] as const;
const DAYS = ["since", "until"] as const;

export type ActivitySearch = { [K in typeof WORDS[number] | typeof DAYS[number]]?: string } & { outcome?: Outcome; call?: number; view?: "table" };

export const NO_FILTER: Filter = {
  text: null, outcome: null, agent: null, upstream: null, tool: null, policy: null, since: null, until: null, call: null,
  view: null,
};

export function isFiltered(filter: Filter): boolean {
  return Object.values({ ...filter, view: null }).some((value) => value !== null);
}

/** How many besides the text and the outcome, which are always on show. */
export function moreFilters({ agent, upstream, tool, policy, since, until }: Filter): number {
  return [agent, upstream, tool, policy, since, until].filter((value) => value !== null).length;
}

/** Takes only what it knows from an address. */
export function activitySearch(search: Record<string, unknown>): ActivitySearch {
  const found: ActivitySearch = {};
  for (const key of WORDS) {
    const value = search[key];
    // The router reads `tool=42` as a number.
    const word = typeof value === "number" ? String(value) : value;
    if (typeof word === "string" && word !== "") found[key] = word;
  }
  for (const key of DAYS) {
    const value = search[key];
    if (typeof value === "string" && startOf(value) !== null) found[key] = value;
  }
  if (isOutcome(search["outcome"])) found.outcome = search["outcome"];
  if (typeof search["call"] === "number" && Number.isSafeInteger(search["call"]) && search["call"] > 0) found.call = search["call"];
  if (search["view"] === "table") found.view = "table";
  return found;
}

/** The router lets what it does not know pass; here it ends. */
export function filterOf(search: ActivitySearch): Filter {
  return { ...NO_FILTER, ...activitySearch(search) };
}

export function searchOf(filter: Filter): ActivitySearch {
  return activitySearch(filter);
}

/** What Rust is asked. */
export function requestOf({ since, until, call, text, outcome, agent, upstream, tool, policy }: Filter) {
  return {
    text, outcome, agent, upstream, tool, policy, from: call,
    since: since === null ? null : startOf(since),
    until: until === null ? null : endOf(until),
  };
}

/** Midnight on this machine, at the beginning of the day. */
function startOf(day: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const at = new Date(`${day}T00:00:00`).getTime();
  return Number.isNaN(at) ? null : at;
}

function endOf(day: string): number | null {
  const start = startOf(day);
  if (start === null) return null;
  const next = new Date(start);
  next.setDate(next.getDate() + 1);
  return next.getTime() - 1;
}
