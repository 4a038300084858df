export type ExportView = { path: string, 
/**
 * Calls in it, or entries of the whole journal.
 */
count: number, };
