import type { PastCall } from "./PastCall";

export type GrantPreview = { sentence: string, 
/**
 * Permits more than the person has before their eyes: asks for a step-up once a passkey is enrolled.
 */
loosening: boolean, 
/**
 * Why it cannot be made so.
 */
problem: string | null, 
/**
 * Recent calls that it would have let go, the newest first.
 */
covered: Array<PastCall>, 
/**
 * How many there are.
 */
covered_calls: number, 
/**
 * Of how many calls of this agent to this tool.
 */
of_calls: number, };
