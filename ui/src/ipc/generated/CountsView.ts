import type { BucketCount } from "./BucketCount";

export type CountsView = { 
/**
 * Those above 0.
 */
counts: Array<BucketCount>, 
/**
 * When the oldest call on record began; to the quarter of an hour.
 */
oldest: number | null, };
