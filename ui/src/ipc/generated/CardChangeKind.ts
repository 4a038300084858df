export type CardChangeKind = "changed" | "new" | "not_kept";
