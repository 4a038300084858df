import type { ActivityRow } from "./ActivityRow";

export type ActivityPage = { rows: Array<ActivityRow>, more: boolean, };
