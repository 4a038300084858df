import type { ChangedCall } from "./ChangedCall";
import type { MoveView } from "./MoveView";

export type BacktestView = { seen: number, judged: number, changed: number, unreadable: number, moves: Array<MoveView>, 
/**
 * The newest calls that would change.
 */
rows: Array<ChangedCall>, sentence: string, 
/**
 * Where the rest begins; null when every call was looked at.
 */
before: number | null, 
/**
 * Of the call that was looked at last.
 */
back_to: number | null, };
