import type { GrantScopeRow } from "./GrantScopeRow";
import type { GrantState } from "./GrantState";

export type GrantRow = { id: string, agent: string, user: string, upstream: string, tool: string, 
/**
 * In one sentence: which calls it lets go.
 */
sentence: string, scope: Array<GrantScopeRow>, project: string | null, session: boolean, 
/**
 * "Ana, in the window"
 */
made_by: string, made_at: number, 
/**
 * Of the call it was made on, in Activity.
 */
origin: number | null, until: number, hits: number, 
/**
 * None for no limit.
 */
uses_left: number | null, last_used: number | null, state: GrantState, };
