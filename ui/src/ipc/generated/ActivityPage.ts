import type { ActivityRow } from "./ActivityRow";

export type ActivityPage = { rows: Array<ActivityRow>, more: boolean, 
/**
 * Where the next page begins. A page may be short, or empty, and another follow.
 */
next: number | null, };
