export type ServerPick = { name: string, path: string | null, table: Array<string> | null, };
