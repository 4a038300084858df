import type { Problem } from "./Problem";

export type RowView = { 
/**
 * "amount is above 5000"; null while it is not finished.
 */
words: string | null, 
/**
 * "if missing: does not match"
 */
missing: string | null, problem: Problem | null, };
