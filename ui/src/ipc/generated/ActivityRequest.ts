import type { ActivityOutcome } from "./ActivityOutcome";

export type ActivityRequest = { before: number | null, limit: number, 
/**
 * Part of the agent's, user's, upstream's or tool's name.
 */
text: string | null, outcome: ActivityOutcome | null, 
/**
 * Exactly this name; so with the three below.
 */
agent: string | null, upstream: string | null, tool: string | null, 
/**
 * The id of a policy that was part of the decision.
 */
policy: string | null, 
/**
 * Begun at this time or later.
 */
since: number | null, 
/**
 * Begun at this time or earlier.
 */
until: number | null, };
