import type { StageDraft } from "./StageDraft";

export type FlowDraft = { id: string, base: string | null, name: string, description: string, stages: Array<StageDraft>, };
