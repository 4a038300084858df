/** Outcomes as the chart tells them apart: few enough to see, each with a word, a colour, an icon and a pattern. */
import type { IconName } from "@/components/icon";
import type { Tone } from "@/components/tag";
import type { BucketCount } from "@/ipc/schema";
import type { Outcome } from "./outcomes";

export type GroupName = "went" | "waiting" | "ended" | "stopped" | "broke";

type Group = { word: string; tone: Tone; icon: IconName; outcomes: readonly Outcome[] };

/** From the bottom of a bar to its top. */
export const GROUPS: Record<GroupName, Group> = {
  went: { word: "Went", tone: "allow", icon: "check", outcomes: ["allowed", "approved"] },
  waiting: { word: "Waiting or running", tone: "accent", icon: "pause", outcomes: ["waiting", "running"] },
  ended: { word: "Not in time", tone: "neutral", icon: "clock", outcomes: ["expired", "withdrawn", "uncollected"] },
  stopped: { word: "Stopped", tone: "deny", icon: "bar", outcomes: ["denied", "rejected", "refused"] },
  broke: { word: "Failed or unknown", tone: "hold", icon: "warning", outcomes: ["failed", "unknown"] },
};

export const GROUP_NAMES = Object.keys(GROUPS) as GroupName[];

export type Bar = Record<GroupName, number> & { bucket: number; calls: number };

export function barsOf(counts: readonly BucketCount[], buckets: number): Bar[] {
  const bars = Array.from({ length: buckets }, (_, bucket): Bar => ({
    bucket, calls: 0, went: 0, waiting: 0, ended: 0, stopped: 0, broke: 0,
  }));
  for (const { bucket, outcome, calls } of counts) {
    const bar = bars[bucket];
    const group = GROUP_NAMES.find((name) => GROUPS[name].outcomes.includes(outcome));
    if (bar === undefined || group === undefined) continue;
    bar[group] += calls;
    bar.calls += calls;
  }
  return bars;
}

export function totalsOf(bars: readonly Bar[]): Record<GroupName, number> {
  const totals = { went: 0, waiting: 0, ended: 0, stopped: 0, broke: 0 };
  for (const bar of bars) for (const name of GROUP_NAMES) totals[name] += bar[name];
  return totals;
}
