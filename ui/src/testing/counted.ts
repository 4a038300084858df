/** Counts and traces of the fake world: of its list, and of a month before it that has no list. */
import type { ActivityOutcome, ActivityRow, IpcSchema, TraceView } from "@/ipc/schema";

type Counted = Pick<ActivityRow, "at" | "outcome" | "agent" | "upstream" | "tool">;

const DAY = 86_400_000;
const TOOLS = [
  ["claude-code", "filesystem", "write_file"], ["codex", "expenses", "create_expense"], ["claude-code", "practice", "delete_customer"],
] as const;
const ENDS: readonly ActivityOutcome[] = [
  "allowed", "allowed", "approved", "allowed", "denied", "allowed", "allowed", "rejected", "allowed", "approved", "expired", "allowed", "failed",
];

/** The same every time: pictures are compared. */
export function pastMonth(now: number): Counted[] {
  const calls: Counted[] = [];
  let dice = 7;
  const roll = (sides: number): number => { dice = (dice * 48_271) % 2_147_483_647; return dice % sides; };
  for (let day = 1; day < 30; day++) {
    const weekend = [0, 6].includes(new Date(now - day * DAY).getDay());
    for (let n = weekend ? roll(6) : 24 + roll(60); n > 0; n--) {
      const [agent, upstream, tool] = TOOLS[roll(TOOLS.length)] ?? TOOLS[0];
      calls.push({ at: now - day * DAY + roll(8 * 3_600_000) - 4 * 3_600_000, outcome: ENDS[roll(ENDS.length)] ?? "allowed", agent, upstream, tool });
    }
  }
  return calls;
}

export function counted(
  { edges, filters }: IpcSchema["activity_counts"]["req"], calls: readonly Counted[],
): IpcSchema["activity_counts"]["res"] {
  const is = (chosen: string | null, found: string): boolean => chosen === null || chosen === found;
  const counts = new Map<string, { bucket: number; outcome: ActivityOutcome; calls: number }>();
  for (const { at, outcome, agent, upstream, tool } of calls) {
    const bucket = edges.findLastIndex((edge) => edge <= at);
    if (bucket < 0 || bucket >= edges.length - 1) continue;
    if (!is(filters.outcome, outcome) || !is(filters.agent, agent) || !is(filters.upstream, upstream) || !is(filters.tool, tool)) continue;
    const key = `${bucket} ${outcome}`;
    const one = counts.get(key) ?? { bucket, outcome, calls: 0 };
    counts.set(key, { ...one, calls: one.calls + 1 });
  }
  const oldest = calls.reduce<number | null>((least, { at }) => least === null || at < least ? at : least, null);
  return { counts: [...counts.values()], oldest };
}

export function traced(row: ActivityRow): TraceView {
  const [first] = row.detail;
  const steps = [{ at: row.at - 9000, text: row.hold === null && row.decided_by === null ? "Asked for" : "Asked for, and held" }];
  if (row.decided_by !== null) {
    const [who = "", place = ""] = row.decided_by.split(", ");
    steps.push({ at: row.at - 2000, text: `${who} ${row.outcome === "rejected" ? "rejected" : "approved"} it ${place}` });
  }
  if (row.outcome === "approved") steps.push({ at: row.at - 1000, text: "Sent to its upstream" });
  return {
    by_default: row.policies.length === 0,
    policies: row.policies.map(({ id, name }) => ({
      id, name, reads: "", action: row.outcome === "denied" ? "deny" : "request_approval", applied: "yes", deciding: true, mode: "enforce", tree: null,
      sentence: first === undefined ? "every call of this tool" : `\`${first.path}\` is \`${first.value.slice(0, 80)}\`, and \`user.role\` is \`employee\``,
      predicates: [
        ...first === undefined ? [] : [{
          text: `has(${first.path})`, attribute: `args.${first.path}`, compared: first.value.slice(0, 80), truth: "true" as const, note: null,
        }],
        { text: "user.role != \"finance\"", attribute: "user.role", compared: "employee", truth: "true", note: null },
      ],
    })),
    steps,
  };
}
