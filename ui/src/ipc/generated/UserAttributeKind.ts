export type UserAttributeKind = "text" | "number" | "flag" | "other";
