export type UpstreamRow = { name: string, transport: string, 
/**
 * The exact command or address, untruncated.
 */
command: string, 
/**
 * Where an agent reaches it.
 */
address: string, sessions: number, last_error: string | null, tools: number | null, };
