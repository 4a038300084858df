import type { CardArgument } from "./CardArgument";
import type { CardChangeKind } from "./CardChangeKind";

export type CardChange = { 
/**
 * Its place among the card's arguments.
 */
argument: number, kind: CardChangeKind, 
/**
 * As it was; none where it was not there, or is not on record.
 */
was: CardArgument | null, };
