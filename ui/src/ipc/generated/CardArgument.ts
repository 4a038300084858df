import type { Piece } from "./Piece";

export type CardArgument = { 
/**
 * `amount`, `address.city`
 */
path: string, title: string | null, 
/**
 * `number`, `text`, `true/false`, `list`, `object`, `nothing`
 */
kind: string, 
/**
 * What a number counts, where the call itself says it: `EUR`, `ms`.
 */
unit?: string, pieces: Array<Piece>, characters: number, folded: boolean, };
