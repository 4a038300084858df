export type SaveEffect = "nothing" | "tightens" | "loosens" | "changes";
