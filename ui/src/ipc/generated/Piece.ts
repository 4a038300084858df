export type Piece = { "kind": "plain", text: string, } | { "kind": "hidden", text: string, name: string, } | { "kind": "look_alike", text: string, like: string, name: string, };
