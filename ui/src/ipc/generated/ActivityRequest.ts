import type { ActivityOutcome } from "./ActivityOutcome";

export type ActivityRequest = { before: number | null, limit: number, text: string | null, outcome: ActivityOutcome | null, };
