import type { CardArgument } from "./CardArgument";
import type { CardReason } from "./CardReason";
import type { CardStage } from "./CardStage";
import type { CardState } from "./CardState";

export type Card = { hold: string, digest: string, agent: string, claimed_client: string | null, user_name: string, program: string | null, process: number | null, project: string | null, branch: string | null, upstream: string, tool: string, tool_title: string | null, tool_description: string | null, destructive: boolean, arguments: Array<CardArgument>, reasons: Array<CardReason>, stages: Array<CardStage>, opened_at: number, deadline: number, attended: boolean, state: CardState, verdict: string | null, };
