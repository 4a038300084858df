export type StageView = { 
/**
 * "1 vote by role finance within 15m"
 */
words: string, 
/**
 * Who could vote, by name.
 */
voters: Array<string>, 
/**
 * Who else, once the deadline has passed.
 */
later: Array<string>, 
/**
 * Fewer people than votes.
 */
problem: string | null, };
