export type LogView = { path: string, 
/**
 * The newest lines, oldest first; empty where nothing was noted yet.
 */
lines: Array<string>, 
/**
 * Older ones are in the file.
 */
cut: boolean, };
