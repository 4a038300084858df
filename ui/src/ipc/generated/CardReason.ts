export type CardReason = { policy: string, name: string, description: string, action: "deny" | "request_approval" | "step_up" | "allow", sentence: string, };
