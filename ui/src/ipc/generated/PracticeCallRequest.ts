import type { PracticeKind } from "./PracticeKind";

export type PracticeCallRequest = { kind: PracticeKind, };
