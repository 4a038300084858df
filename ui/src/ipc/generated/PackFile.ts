import type { PackFileState } from "./PackFileState";

export type PackFile = { path: string, name: string, sentence: string, 
/**
 * Of a policy; null for a flow, a context or the default.
 */
action: "deny" | "request_approval" | "step_up" | "allow" | null, state: PackFileState, text: string, };
