export type NewUpstream = { name: string, 
/**
 * The exact command or address.
 */
shown: string, 
/**
 * Secrets that go into the keychain.
 */
secrets: Array<string>, 
/**
 * Why it cannot be added.
 */
problem: string | null, };
