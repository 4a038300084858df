export type BackupRequest = { passphrase: string, };
