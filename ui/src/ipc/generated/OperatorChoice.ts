import type { Takes } from "./Takes";
import type { ValueKind } from "./ValueKind";

export type OperatorChoice = { 
/**
 * Tells it from the others of its attribute.
 */
id: string, 
/**
 * "is greater than"
 */
label: string, operator: string, negated: boolean, each_all: boolean, each_negated: boolean, takes: Takes, 
/**
 * Kinds of value it can be given, the usual one first.
 */
kinds: Array<ValueKind>, 
/**
 * The case of letters may be ignored.
 */
ignores_case: boolean, };
