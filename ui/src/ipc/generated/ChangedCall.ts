export type ChangedCall = { seq: number, at: number, agent: string, user: string, tool: string, summary: string, from: "deny" | "request_approval" | "step_up" | "allow", to: "deny" | "request_approval" | "step_up" | "allow", 
/**
 * "would be denied"
 */
words: string, };
