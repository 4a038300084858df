export type ReasonKind = "policy" | "default" | "other_program" | "paused";
