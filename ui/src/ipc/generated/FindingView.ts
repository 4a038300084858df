import type { MendChoice } from "./MendChoice";

export type FindingView = { code: string, severity: "error" | "warning" | "advice", sentence: string, 
/**
 * The row it is about.
 */
row: number | null, 
/**
 * The part of the condition's text it is about, in UTF-16 units.
 */
from: number | null, to: number | null, mends: Array<MendChoice>, };
