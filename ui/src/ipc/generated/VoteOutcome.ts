import type { IpcError } from "./IpcError";
import type { VoteReceipt } from "./VoteReceipt";

export type VoteOutcome = { hold: string, receipt: VoteReceipt | null, 
/**
 * Why it did not count.
 */
problem: IpcError | null, };
