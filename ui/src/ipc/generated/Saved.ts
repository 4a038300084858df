export type Saved = { "kind": "applied", id: string, message: string, } | { "kind": "changed", theirs: string | null, mine: string | null, };
