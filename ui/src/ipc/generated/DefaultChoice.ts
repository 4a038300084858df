export type DefaultChoice = "allow" | "request_approval" | "deny";
