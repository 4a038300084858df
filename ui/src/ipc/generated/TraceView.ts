import type { TraceStep } from "./TraceStep";
import type { TriedPolicy } from "./TriedPolicy";

export type TraceView = { 
/**
 * No policy decided; the set's default did.
 */
by_default: boolean, 
/**
 * Those that look at such calls, deciding ones first.
 */
policies: Array<TriedPolicy>, 
/**
 * Oldest first.
 */
steps: Array<TraceStep>, };
