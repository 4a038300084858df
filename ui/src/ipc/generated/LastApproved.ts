import type { CardArgument } from "./CardArgument";
import type { CardChange } from "./CardChange";

export type LastApproved = { 
/**
 * When it was approved, epoch milliseconds.
 */
at: number, 
/**
 * "Ana, in the window"
 */
by: string, 
/**
 * The agent that made it, where it was another one.
 */
agent: string | null, changes: Array<CardChange>, 
/**
 * Arguments that it had and this call has not.
 */
gone: Array<CardArgument>, };
