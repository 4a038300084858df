import type { CardArgument } from "./CardArgument";
import type { CardReason } from "./CardReason";
import type { CardStage } from "./CardStage";
import type { CardState } from "./CardState";
import type { CardVote } from "./CardVote";
import type { LastApproved } from "./LastApproved";

export type Card = { hold: string, 
/**
 * What a vote must name, so that it counts for this call only.
 */
digest: string, agent: string, 
/**
 * As the agent calls itself.
 */
claimed_client: string | null, user_name: string, 
/**
 * The program behind the connection, where this machine can tell.
 */
program: string | null, process: number | null, project: string | null, branch: string | null, upstream: string, tool: string, tool_title: string | null, tool_description: string | null, 
/**
 * The upstream says so, or says nothing (MCP: tools are destructive unless they say otherwise).
 */
destructive: boolean, arguments: Array<CardArgument>, reasons: Array<CardReason>, stages: Array<CardStage>, 
/**
 * The first one first.
 */
votes: Array<CardVote>, 
/**
 * The desk's owner has said what they can say; others, or a proof, are still missing.
 */
owner_voted: boolean, 
/**
 * What differs from the last call of this tool that people approved; filled in where one card is looked at.
 */
last_approved?: LastApproved, 
/**
 * Epoch milliseconds.
 */
opened_at: number, 
/**
 * Epoch milliseconds.
 */
deadline: number, 
/**
 * When the identical call last ran, if that was within the hour before this one. Epoch milliseconds.
 */
ran_before: number | null, 
/**
 * What the call's user has to prove their presence with: `passkey`, `any`; none where no step-up is asked.
 */
step_up?: string, 
/**
 * Everything but that proof is there.
 */
waits_for_proof?: boolean, 
/**
 * What the agent asked for, where an approver changed it.
 */
asked?: Array<CardArgument>, 
/**
 * An agent is waiting for the answer.
 */
attended: boolean, state: CardState, 
/**
 * How it ended, in words.
 */
verdict: string | null, };
