export type PracticeKind = "allowed" | "denied" | "held";
