export type CeremonyStarted = { 
/**
 * For another browser, where none was opened.
 */
url: string, 
/**
 * Epoch milliseconds.
 */
until: number, 
/**
 * Whether a browser was told to open it.
 */
opened: boolean, };
