export type GrantBoundKind = "exactly" | "one_of" | "prefix" | "within" | "up_to" | "any";
