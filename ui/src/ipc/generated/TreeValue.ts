import type { ValueKind } from "./ValueKind";

export type TreeValue = { kind: ValueKind, text: string, };
