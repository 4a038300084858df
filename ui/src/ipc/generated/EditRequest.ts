export type EditRequest = { hold: string, digest: string, 
/**
 * All of them, as one JSON text.
 */
arguments: string, };
