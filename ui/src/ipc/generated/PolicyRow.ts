export type PolicyRow = { id: string, name: string, description: string, action: "deny" | "request_approval" | "step_up" | "allow", mode: "enforce" | "observe" | "off", tools: Array<string>, roles: Array<string>, condition: string | null, sentence: string, applied_30_days: number, users: Array<string>, agents: Array<string>, contexts: Array<string>, 
/**
 * Of the file, epoch milliseconds.
 */
changed_at: number | null, };
