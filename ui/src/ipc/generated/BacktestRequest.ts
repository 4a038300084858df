import type { BacktestView } from "./BacktestView";
import type { Draft } from "./Draft";

export type BacktestRequest = { draft: Draft, 
/**
 * Only the calls of so many days; all on record where null.
 */
days: number | null, 
/**
 * Where to go on; null at the beginning.
 */
so_far: BacktestView | null, };
