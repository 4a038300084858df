export type Piece = { "kind": "plain", text: string, } | { "kind": "hidden", text: string, name: string, };
