export type Tag = "overview" | "inbox" | "activity" | "policies" | "upstreams" | "agents" | "grants" | "security";
