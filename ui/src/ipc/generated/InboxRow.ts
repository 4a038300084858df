import type { Needs } from "./Needs";

export type InboxRow = { hold: string, agent: string, upstream: string, tool: string, summary: string, needs: Needs, opened_at: number, deadline: number, attended: boolean, };
