import type { TypedText } from "./TypedText";

export type RemovePassphraseRequest = { old: TypedText | null, };
