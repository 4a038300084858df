import type { FoundFile } from "./FoundFile";

export type FoundAgent = { id: string, title: string, is_installed: boolean, 
/**
 * The agent it was connected as.
 */
connected_as: string | null, 
/**
 * A changed file is read without starting the program again.
 */
reloads: boolean, files: Array<FoundFile>, };
