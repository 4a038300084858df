import type { Choice } from "./Choice";

export type FlowRow = { id: string, name: string, description: string, 
/**
 * "Finance: 2 votes by role finance within 1h."
 */
sentence: string, 
/**
 * Each stage in a few words.
 */
stages: Array<string>, 
/**
 * Policies that ask it.
 */
used_by: Array<Choice>, 
/**
 * There is no file of it: it cannot be removed.
 */
built_in: boolean, problems: Array<string>, 
/**
 * Of the file, epoch milliseconds.
 */
changed_at: number | null, };
