import type { TypedText } from "./TypedText";

export type EnrolRequest = { person: string, name: string, 
/**
 * Lets the first one in, where one is set.
 */
passphrase: TypedText | null, };
