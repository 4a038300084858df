import type { ActivityOutcome } from "./ActivityOutcome";

export type PastCall = { seq: number, at: number, summary: string, outcome: ActivityOutcome, };
