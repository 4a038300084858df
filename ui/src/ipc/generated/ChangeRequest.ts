export type ChangeRequest = { hash: string, };
