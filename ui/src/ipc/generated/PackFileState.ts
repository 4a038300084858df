export type PackFileState = "new" | "there" | "kept" | "left_out";
