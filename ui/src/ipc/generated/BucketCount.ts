import type { ActivityOutcome } from "./ActivityOutcome";

export type BucketCount = { 
/**
 * From 0.
 */
bucket: number, outcome: ActivityOutcome, calls: number, };
