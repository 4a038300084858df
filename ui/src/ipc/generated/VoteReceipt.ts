import type { CardState } from "./CardState";

export type VoteReceipt = { hold: string, state: CardState, message: string, };
