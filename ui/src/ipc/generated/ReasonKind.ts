export type ReasonKind = "policy" | "default" | "other_program" | "changed_tool" | "paused";
