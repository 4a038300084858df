import type { DraftAction } from "./DraftAction";
import type { TreeNode } from "./TreeNode";

export type Draft = { 
/**
 * The file's name without `.toml`.
 */
id: string, 
/**
 * The file as it was when one began; null for a new policy.
 */
base: string | null, name: string, description: string, mode: "enforce" | "observe" | "off", trust_claims: boolean, tools: Array<string>, users: Array<string>, roles: Array<string>, agents: Array<string>, contexts: Array<string>, action: DraftAction, 
/**
 * The condition as text; empty for none.
 */
when: string, 
/**
 * The condition as tree, where that is what was edited last.
 */
tree: TreeNode | null, };
