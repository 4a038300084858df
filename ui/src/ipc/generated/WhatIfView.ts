import type { TriedPolicy } from "./TriedPolicy";

export type WhatIfView = { outcome: "deny" | "request_approval" | "step_up" | "allow", sentence: string, 
/**
 * Nothing decided, so the default did.
 */
by_default: boolean, policies: Array<TriedPolicy>, };
