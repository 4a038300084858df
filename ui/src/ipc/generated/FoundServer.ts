export type FoundServer = { name: string, 
/**
 * Keys that lead to its table.
 */
table: Array<string>, 
/**
 * The upstream it reaches behind the door; none where it goes around it.
 */
behind: string | null, 
/**
 * The exact command or address.
 */
shown: string, 
/**
 * Why it cannot be moved.
 */
stays: string | null, 
/**
 * The agent does not use it at the moment.
 */
is_off: boolean, 
/**
 * Names of values that look secret.
 */
secrets: Array<string>, 
/**
 * It was added around the door after its agent was connected.
 */
is_new: boolean, };
