export type UpstreamRow = { name: string, transport: string, command: string, address: string, sessions: number, last_error: string | null, tools: number | null, };
