import type { PackSource } from "./PackSource";

export type AddPackRequest = { source: PackSource, with_default: boolean, 
/**
 * Only recorded at first.
 */
observe: boolean, 
/**
 * The pack as text, as it was shown: a folder may hold another one by now.
 */
seen: string, };
