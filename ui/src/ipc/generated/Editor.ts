export type Editor = "text" | "number" | "flag" | "time" | "path";
