import type { GrantLimit } from "./GrantLimit";

export type GrantTerms = { scope: Array<GrantLimit>, 
/**
 * Only in the folder of this call.
 */
project: boolean, until: number, 
/**
 * Not past the agent's session.
 */
session: boolean, uses: number | null, };
