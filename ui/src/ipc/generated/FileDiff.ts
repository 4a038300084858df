export type FileDiff = { path: string, diff: string, };
