export type GrantScopeRow = { argument: string, 
/**
 * "up to 7250.00"
 */
words: string, };
