export type DraftAction = { kind: "deny" | "request_approval" | "step_up" | "allow", flow: string | null, method: string | null, max_age: string | null, message: string | null, };
