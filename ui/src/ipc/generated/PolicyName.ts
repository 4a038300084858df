export type PolicyName = { id: string, name: string, };
