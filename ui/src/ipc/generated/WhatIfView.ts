import type { TriedPolicy } from "./TriedPolicy";

export type WhatIfView = { outcome: "deny" | "request_approval" | "step_up" | "allow", sentence: string, policies: Array<TriedPolicy>, };
