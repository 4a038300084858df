import type { ReasonKind } from "./ReasonKind";

export type CardReason = { kind: ReasonKind, policy: string, name: string, description: string, action: "deny" | "request_approval" | "step_up" | "allow", sentence: string, };
