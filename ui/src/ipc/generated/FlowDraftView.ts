import type { Choice } from "./Choice";
import type { SaveView } from "./SaveView";
import type { StageView } from "./StageView";

export type FlowDraftView = { id: string, file: string | null, sentence: string | null, stages: Array<StageView>, problems: Array<string>, used_by: Array<Choice>, save: SaveView, };
