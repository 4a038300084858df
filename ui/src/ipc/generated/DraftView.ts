import type { FindingView } from "./FindingView";
import type { RowView } from "./RowView";
import type { SaveView } from "./SaveView";
import type { TextProblem } from "./TextProblem";
import type { TreeNode } from "./TreeNode";

export type DraftView = { 
/**
 * The file's name without `.toml`, made from the policy's name where it is new.
 */
id: string, 
/**
 * The file as it would be saved; null while the condition cannot be written.
 */
file: string | null, 
/**
 * The condition as text; null while a row is not finished.
 */
text: string | null, 
/**
 * The condition as tree; null while the text cannot be read.
 */
tree: TreeNode | null, 
/**
 * Of each row, in the order written.
 */
rows: Array<RowView>, sentence: string | null, 
/**
 * Why the text is no condition.
 */
text_problem: TextProblem | null, findings: Array<FindingView>, save: SaveView, };
