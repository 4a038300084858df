import type { VoteChoice } from "./VoteChoice";

export type VoteRequest = { hold: string, 
/**
 * Of the card that was shown: a vote counts for this call only.
 */
digest: string, choice: VoteChoice, reason: string | null, };
