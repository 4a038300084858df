import type { FlowRow } from "./FlowRow";

export type FlowsView = { rows: Array<FlowRow>, };
