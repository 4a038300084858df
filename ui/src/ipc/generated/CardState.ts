export type CardState = "waiting" | "approved" | "released" | "ended";
