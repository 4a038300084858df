import type { ActivityRow } from "./ActivityRow";

export type ActivityPage = { rows: Array<ActivityRow>, 
/**
 * What `before` is for the page after this; none where nothing older fits. A page may be short all the same.
 */
next: number | null, };
