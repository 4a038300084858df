import type { TriedPredicate } from "./TriedPredicate";
import type { TruthNode } from "./TruthNode";

export type TriedPolicy = { id: string, name: string, reads: string, action: "deny" | "request_approval" | "step_up" | "allow", applied: "yes" | "undetermined" | "no", deciding: boolean, mode: "enforce" | "observe" | "off", sentence: string, predicates: Array<TriedPredicate>, 
/**
 * The condition, and before it its contexts; none where there is no condition.
 */
tree: TruthNode | null, };
