/** The stretch of time on show, cut into buckets that begin where the days of this machine do. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What the chart shows where nothing else is asked for. */
export const USUAL_DAYS = 30;

export type Unit = "hour" | "day" | "week" | "month";

export type Buckets = {
  unit: Unit;
  /** Where each bucket begins and the last one ends. */
  edges: number[];
};

export const UNIT_WORDS: Record<Unit, string> = { hour: "by the hour", day: "by the day", week: "by the week", month: "by the month" };

/** From `since` to `until`; each bucket as fine as the width of the window can show. */
export function bucketsOf(since: number, until: number): Buckets {
  const span = Math.max(1, until - since);
  const unit: Unit = span <= 2 * DAY + 2 * HOUR ? "hour" : span <= 62 * DAY ? "day" : span <= 420 * DAY ? "week" : "month";
  const edges = [beginOf(since, unit)];
  for (let edge = next(edges[0] ?? since, unit); edges.length < 400; edge = next(edge, unit)) {
    edges.push(edge);
    if (edge > until) break;
  }
  return { unit, edges };
}

/** The stretch that the filter asks for, else the last thirty days, or fewer where there is no more on record. */
export function spanOf(
  { since, until }: { since: number | null; until: number | null }, oldest: number | null, now: number,
): [number, number] {
  const end = until ?? now;
  const usual = addDays(startOfDay(end), 1 - USUAL_DAYS);
  const first = since ?? (oldest === null ? usual : Math.max(usual, Math.min(startOfDay(oldest), addDays(startOfDay(end), -6))));
  return [Math.min(first, end), end];
}

/** A day as addresses have it, `2026-11-23`. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** So many days before the day of `now`, which is the last of them. */
export function daysAgo(now: number, days: number): string {
  return dayOf(addDays(startOfDay(now), 1 - days));
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function beginOf(at: number, unit: Unit): number {
  const date = new Date(at);
  if (unit === "hour") return date.setMinutes(0, 0, 0);
  date.setHours(0, 0, 0, 0);
  if (unit === "week") date.setDate(date.getDate() - (date.getDay() + 6) % 7);
  if (unit === "month") date.setDate(1);
  return date.getTime();
}

/** Days are not all as long; hours are. */
function next(edge: number, unit: Unit): number {
  if (unit === "hour") return edge + HOUR;
  if (unit === "month") {
    const date = new Date(edge);
    return new Date(date.getFullYear(), date.getMonth() + 1, 1).getTime();
  }
  return addDays(edge, unit === "day" ? 1 : 7);
}

function addDays(at: number, days: number): number {
  const date = new Date(at);
  return date.setDate(date.getDate() + days);
}

const hour = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const month = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** Under a bar: short. */
export function shortLabel(at: number, unit: Unit): string {
  if (unit === "hour") return clock.format(at);
  return unit === "month" ? month.format(at) : day.format(at);
}

/** The whole of it, to read. */
export function longLabel(from: number, to: number, unit: Unit): string {
  if (unit === "hour") return `${hour.format(from)} to ${clock.format(to)}`;
  if (unit === "day") return weekday.format(from);
  return unit === "month" ? month.format(from) : `${day.format(from)} to ${day.format(to - HOUR)}`;
}
