import type { CeremonyStarted } from "./CeremonyStarted";

export type PasskeyRemoved = { 
/**
 * None where it is gone; else it goes once this ceremony is done.
 */
ceremony: CeremonyStarted | null, };
