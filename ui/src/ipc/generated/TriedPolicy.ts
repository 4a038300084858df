import type { TriedPredicate } from "./TriedPredicate";

export type TriedPolicy = { id: string, name: string, reads: string, action: "deny" | "request_approval" | "step_up" | "allow", applied: "yes" | "undetermined" | "no", deciding: boolean, sentence: string, predicates: Array<TriedPredicate>, };
