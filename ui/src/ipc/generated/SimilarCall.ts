import type { CardArgument } from "./CardArgument";

export type SimilarCall = { hold: string, digest: string, 
/**
 * Arguments that are not alike in all of them, complete.
 */
own: Array<CardArgument>, 
/**
 * Why it waits differs from the first one's: in sentences.
 */
reasons: Array<string>, deadline: number, owner_voted: boolean, };
