/** Makes cards, arguments and agents for tests and scenarios, in the shape Rust gives them. */
import { piecesOf, type TextPiece } from "@/lib/pieces";
import type { AgentRow, Card, CardArgument, CardStage } from "@/ipc/schema";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

const FOLD_AFTER = 400;

export function argument(path: string, value: string, more: { kind?: string; title?: string } = {}): CardArgument {
  return {
    path, title: more.title ?? null, kind: more.kind ?? "text", pieces: named(piecesOf(value)), characters: value.length,
    folded: value.length > FOLD_AFTER,
  };
}

const NAMES: Readonly<Record<string, string>> = {
  "\u200b": "ZERO-WIDTH SPACE",
  "\u200d": "ZERO-WIDTH JOINER",
  "\u202e": "RIGHT-TO-LEFT OVERRIDE",
  "\u2066": "DIRECTION ISOLATE",
  "\ufeff": "BYTE ORDER MARK",
  "\u001b": "ESCAPE",
};

/** Rust knows the characters by name. */
function named(pieces: readonly TextPiece[]): TextPiece[] {
  return pieces.map((piece) => piece.kind === "hidden" ? { ...piece, name: NAMES[piece.text] ?? piece.name } : piece);
}

export function cardOf(card: Partial<Card> & Pick<Card, "hold" | "opened_at" | "deadline">): Card {
  return {
    digest: `digest-of-${card.hold}`,
    agent: "claude-code",
    claimed_client: null,
    user_name: "Ana Ruiz",
    program: null,
    process: null,
    project: null,
    branch: null,
    upstream: "practice",
    tool: "delete_customer",
    tool_title: null,
    tool_description: null,
    destructive: false,
    arguments: [],
    reasons: [],
    stages: [stageOf({ flow: "owner", name: "Owner", current: true })],
    votes: [],
    owner_voted: false,
    ran_before: null,
    attended: true,
    state: "waiting",
    verdict: null,
    ...card,
  };
}

export function stageOf(stage: Partial<CardStage> & Pick<CardStage, "flow" | "name">): CardStage {
  return {
    approvers: "the desk's owner", votes: 0, voters: [], required: 1, current: false, escalated: false, extended: false, exclude_requester: false,
    step_up: false, ...stage,
  };
}

export function agentOf(agent: Partial<AgentRow> & Pick<AgentRow, "name" | "added_at">): AgentRow {
  return { user: "ana", last_seen: null, programs: [], other_programs: [], wait_limit: null, wait_of_program: null, ...agent };
}
