export type UserView = { 
/**
 * Agents that act for them.
 */
agents: Array<string>, 
/**
 * Names of enrolled passkeys.
 */
passkeys: Array<string>, 
/**
 * Approval flows they can vote in, by name.
 */
votes_in: Array<string>, problems: Array<string>, };
