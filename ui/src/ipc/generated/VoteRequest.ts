import type { VoteChoice } from "./VoteChoice";

export type VoteRequest = { hold: string, digest: string, choice: VoteChoice, reason: string | null, };
