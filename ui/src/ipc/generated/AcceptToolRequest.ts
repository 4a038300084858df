export type AcceptToolRequest = { upstream: string, tool: string, hash: string, };
