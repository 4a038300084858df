import type { TreeRow } from "./TreeRow";

export type TreeNode = { "kind": "group", joined: "all" | "any", negated: boolean, parts: Array<TreeNode>, } | { "kind": "row" } & TreeRow | { "kind": "free", negated: boolean, text: string, };
