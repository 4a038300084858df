import type { GrantBoundKind } from "./GrantBoundKind";

export type GrantBound = { kind: GrantBoundKind, 
/**
 * A start, a folder, a number; for a value, or a list of them, its JSON. None for any.
 */
value: string | null, };
