export type AddUpstreamRequest = { name: string, command: Array<string> | null, url: string | null, };
