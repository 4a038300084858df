export type PackSource = { "kind": "shipped", name: string, } | { "kind": "folder", path: string, };
