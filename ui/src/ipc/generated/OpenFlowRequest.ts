export type OpenFlowRequest = { 
/**
 * A new flow where null.
 */
id: string | null, };
