export type ActivityOutcome = "allowed" | "denied" | "approved" | "rejected" | "expired" | "withdrawn" | "uncollected" | "refused" | "waiting" | "running" | "failed" | "unknown";
