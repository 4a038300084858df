/** How a call ended, or where it stands: a word, a colour and an icon, and what it means. */
import type { IconName } from "@/components/icon";
import type { Tone } from "@/components/tag";
import type { ActivityOutcome } from "@/ipc/schema";

export type Outcome = ActivityOutcome;

type Look = { word: string; tone: Tone; icon: IconName; means: string };

export const OUTCOMES: Record<Outcome, Look> = {
  allowed: { word: "Allowed", tone: "allow", icon: "arrow", means: "No policy held it. It ran." },
  denied: { word: "Denied", tone: "deny", icon: "bar", means: "A policy denied it. Nothing was sent." },
  approved: { word: "Approved", tone: "allow", icon: "check", means: "It was held, approved, and sent once." },
  rejected: { word: "Rejected", tone: "deny", icon: "cross", means: "A person rejected it. Nothing was sent." },
  expired: { word: "Expired", tone: "neutral", icon: "clock", means: "Nobody decided in time. Nothing was sent." },
  withdrawn: {
    word: "Withdrawn", tone: "neutral", icon: "leave",
    means: "Its agent, upstream or user was removed while it was held. Nothing was sent.",
  },
  uncollected: {
    word: "Uncollected", tone: "neutral", icon: "leave",
    means: "It was approved, but the agent did not come back for it in time. Nothing was sent.",
  },
  refused: { word: "Refused", tone: "deny", icon: "bar", means: "It was held, then a newer policy denied it. Nothing was sent." },
  waiting: { word: "Waiting", tone: "hold", icon: "pause", means: "It is held and waits in the inbox." },
  running: { word: "Running", tone: "accent", icon: "arrow", means: "It was sent. The answer is not here yet." },
  failed: { word: "Failed", tone: "deny", icon: "warning", means: "It was sent, and the upstream answered with an error or went away." },
  unknown: {
    word: "Unknown", tone: "hold", icon: "question",
    means: "Doorward stopped between sending it and hearing the answer. It may have run. It is not sent again by itself.",
  },
};

export const OUTCOME_NAMES = Object.keys(OUTCOMES) as Outcome[];

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === "string" && Object.hasOwn(OUTCOMES, value);
}
