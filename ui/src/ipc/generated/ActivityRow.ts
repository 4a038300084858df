import type { ActivityOutcome } from "./ActivityOutcome";
import type { DetailRow } from "./DetailRow";
import type { PolicyName } from "./PolicyName";

export type ActivityRow = { seq: number, at: number, agent: string, user: string, upstream: string, tool: string, summary: string, outcome: ActivityOutcome, policies: Array<PolicyName>, 
/**
 * "Ana, in the window"
 */
decided_by: string | null, hold: string | null, detail: Array<DetailRow>, 
/**
 * Why it was refused.
 */
why?: string, };
