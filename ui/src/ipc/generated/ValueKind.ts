export type ValueKind = "text" | "number" | "flag" | "time";
