import type { PackSource } from "./PackSource";

export type PackRequest = { source: PackSource, 
/**
 * Its default is taken too.
 */
with_default: boolean, };
