import type { Draft } from "./Draft";

export type MendRequest = { draft: Draft, mend: object, };
