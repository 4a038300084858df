import type { CardArgument } from "./CardArgument";
import type { SimilarCall } from "./SimilarCall";

export type Similar = { 
/**
 * The one asked about first; none where it takes no plain vote.
 */
calls: Array<SimilarCall>, 
/**
 * Arguments that all of them have alike.
 */
shared: Array<CardArgument>, };
