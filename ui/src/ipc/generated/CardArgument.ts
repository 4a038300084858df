import type { Piece } from "./Piece";

export type CardArgument = { path: string, title: string | null, kind: string, pieces: Array<Piece>, characters: number, folded: boolean, };
