import type { FoundServer } from "./FoundServer";

export type FoundFile = { path: string, 
/**
 * The folder whose file it is; none for the user's own.
 */
project: string | null, exists: boolean, 
/**
 * Why it cannot be read; it is left alone.
 */
problem: string | null, servers: Array<FoundServer>, };
