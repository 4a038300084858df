export type CardVote = { 
/**
 * The voter's name; their id until [`Card::with_people`].
 */
by: string, approves: boolean, 
/**
 * "in the window"
 */
means: string, 
/**
 * Epoch milliseconds.
 */
at: number, };
