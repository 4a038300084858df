export type PastedRequest = { text: string, keep_secrets: boolean, };
