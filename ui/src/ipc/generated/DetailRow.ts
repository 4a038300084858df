export type DetailRow = { path: string, value: string, };
