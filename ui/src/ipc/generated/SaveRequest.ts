import type { Draft } from "./Draft";

export type SaveRequest = { draft: Draft, };
