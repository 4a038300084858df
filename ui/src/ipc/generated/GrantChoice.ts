import type { GrantBound } from "./GrantBound";

export type GrantChoice = { bound: GrantBound, 
/**
 * "exactly 7250.00", "up to", "in the folder"
 */
words: string, 
/**
 * Its value may be changed by the person: a start, a folder, a number.
 */
editable: boolean, };
