import type { PackSource } from "./PackSource";

export type AddPackRequest = { source: PackSource, with_default: boolean, 
/**
 * Only recorded at first.
 */
observe: boolean, };
