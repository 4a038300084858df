export type VotedCall = { hold: string, 
/**
 * Of the call that was shown: a vote counts for this call only.
 */
digest: string, };
