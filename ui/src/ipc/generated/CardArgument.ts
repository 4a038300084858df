import type { Piece } from "./Piece";

export type CardArgument = { 
/**
 * `amount`, `address.city`
 */
path: string, title: string | null, 
/**
 * `number`, `text`, `true/false`, `list`, `object`, `nothing`
 */
kind: string, pieces: Array<Piece>, characters: number, folded: boolean, };
