import type { FlowDraft } from "./FlowDraft";

export type FlowDraftRequest = { draft: FlowDraft, };
