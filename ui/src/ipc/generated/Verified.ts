export type Verified = { 
/**
 * The server, as the agent's file names it.
 */
server: string, 
/**
 * What answered calls itself so.
 */
answered_as: string | null, 
/**
 * Why nothing did.
 */
problem: string | null, };
