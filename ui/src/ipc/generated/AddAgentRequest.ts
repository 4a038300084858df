export type AddAgentRequest = { name: string, user: string, };
