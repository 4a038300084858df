export type MoveView = { from: "deny" | "request_approval" | "step_up" | "allow", to: "deny" | "request_approval" | "step_up" | "allow", calls: number, 
/**
 * "allowed would be denied"
 */
words: string, };
