import type { PolicyRow } from "./PolicyRow";
import type { Problem } from "./Problem";
import type { WaitingChange } from "./WaitingChange";

export type PoliciesView = { revision: string, rows: Array<PolicyRow>, default_action: string, waiting: WaitingChange | null, problem: Problem | null, };
