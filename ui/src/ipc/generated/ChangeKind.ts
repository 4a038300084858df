export type ChangeKind = "added" | "changed" | "removed";
