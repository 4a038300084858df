export type PassphraseState = { set: boolean, 
/**
 * Characters of the shortest one that is taken.
 */
shortest: number, };
