export type ProofChoices = { 
/**
 * On the page in the browser.
 */
passkey: boolean, 
/**
 * Typed in the window; weaker.
 */
passphrase: boolean, };
