import type { TypedText } from "./TypedText";

export type PassphraseRequest = { hold: string, 
/**
 * Of the card that was shown.
 */
digest: string, passphrase: TypedText, };
