export type GrantState = "in_force" | "expired" | "used_up" | "revoked" | "void";
