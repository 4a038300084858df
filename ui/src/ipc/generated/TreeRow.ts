import type { TreeEach } from "./TreeEach";
import type { TreeValue } from "./TreeValue";

export type TreeRow = { attribute: string, each: TreeEach | null, operator: string, negated: boolean, ignore_case: boolean, values: Array<TreeValue>, };
