export type BackupMade = { path: string, };
