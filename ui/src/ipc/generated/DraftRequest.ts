import type { Draft } from "./Draft";

export type DraftRequest = { draft: Draft, };
