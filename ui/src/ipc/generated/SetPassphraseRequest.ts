import type { TypedText } from "./TypedText";

export type SetPassphraseRequest = { passphrase: TypedText, old: TypedText | null, };
