import type { GrantChoices } from "./GrantChoices";

export type GrantOffer = { 
/**
 * One row an argument, in the order received.
 */
scope: Array<GrantChoices>, 
/**
 * The agent's folder, where it is known.
 */
project: string | null, 
/**
 * It can be for the agent's session.
 */
session: boolean, };
