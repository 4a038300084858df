export type GrantName = { id: string, };
