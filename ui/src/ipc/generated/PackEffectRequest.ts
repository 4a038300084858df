import type { BacktestView } from "./BacktestView";
import type { PackSource } from "./PackSource";

export type PackEffectRequest = { source: PackSource, with_default: boolean, 
/**
 * Where to go on; null at the beginning.
 */
so_far: BacktestView | null, };
