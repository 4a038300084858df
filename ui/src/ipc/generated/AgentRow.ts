export type AgentRow = { name: string, user: string, added_at: number, last_seen: number | null, };
