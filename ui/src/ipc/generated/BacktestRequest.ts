import type { BacktestView } from "./BacktestView";
import type { Draft } from "./Draft";

export type BacktestRequest = { draft: Draft, 
/**
 * Where to go on; null at the beginning.
 */
so_far: BacktestView | null, };
