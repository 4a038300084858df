export type WaitLimitRequest = { agent: string, 
/**
 * None: as its program allows.
 */
seconds: number | null, };
