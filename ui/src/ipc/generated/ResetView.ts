export type ResetView = { 
/**
 * Epoch milliseconds.
 */
asked_at: number, 
/**
 * What comes, as a sentence.
 */
message: string, };
