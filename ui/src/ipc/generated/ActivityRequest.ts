import type { ActivityOutcome } from "./ActivityOutcome";

export type ActivityRequest = { before: number | null, limit: number, 
/**
 * Part of the agent's, user's, upstream's or tool's name.
 */
text: string | null, outcome: ActivityOutcome | null, 
/**
 * Exactly this one; so with the next three.
 */
agent?: string, upstream?: string, tool?: string, 
/**
 * A policy that was part of the decision.
 */
policy?: string, 
/**
 * Milliseconds since 1970; both ends are part of it.
 */
since?: number, until?: number, };
