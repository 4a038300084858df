export type AnswersRequest = { hold: string, 
/**
 * Of the card that was shown.
 */
digest: string, };
