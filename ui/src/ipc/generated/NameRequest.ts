export type NameRequest = { name: string, };
