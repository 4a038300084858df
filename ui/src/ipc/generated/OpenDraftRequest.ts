import type { DraftFrom } from "./DraftFrom";

export type OpenDraftRequest = { from: DraftFrom, };
