/**
 * What the window may ask, as one table: name → request and answer.
 * The shapes come from `generated/`, which Rust writes; everything else in the window takes them from here.
 */
import type { ActivityPage } from "./generated/ActivityPage";
import type { ActivityRequest } from "./generated/ActivityRequest";
import type { AddAgentRequest } from "./generated/AddAgentRequest";
import type { AddUpstreamRequest } from "./generated/AddUpstreamRequest";
import type { AgentsView } from "./generated/AgentsView";
import type { Card } from "./generated/Card";
import type { CardReason } from "./generated/CardReason";
import type { CardRequest } from "./generated/CardRequest";
import type { ChangeRequest } from "./generated/ChangeRequest";
import type { InboxRow } from "./generated/InboxRow";
import type { NameRequest } from "./generated/NameRequest";
import type { NewAgent } from "./generated/NewAgent";
import type { Overview } from "./generated/Overview";
import type { PoliciesView } from "./generated/PoliciesView";
import type { PolicyModeRequest } from "./generated/PolicyModeRequest";
import type { PolicyRow } from "./generated/PolicyRow";
import type { PracticeCallRequest } from "./generated/PracticeCallRequest";
import type { Started } from "./generated/Started";
import type { UpstreamRow } from "./generated/UpstreamRow";
import type { VoteReceipt } from "./generated/VoteReceipt";
import type { VoteRequest } from "./generated/VoteRequest";

export type { ActivityOutcome } from "./generated/ActivityOutcome";
export type { ActivityRow } from "./generated/ActivityRow";
export type { AgentRow } from "./generated/AgentRow";
export type { Alarm } from "./generated/Alarm";
export type { CardArgument } from "./generated/CardArgument";
export type { CardStage } from "./generated/CardStage";
export type { Changed } from "./generated/Changed";
export type { ChangedFile } from "./generated/ChangedFile";
export type { IpcError } from "./generated/IpcError";
export type { PartState } from "./generated/PartState";
export type { Person } from "./generated/Person";
export type { PracticeKind } from "./generated/PracticeKind";
export type { Tag } from "./generated/Tag";
export type { WaitingChange } from "./generated/WaitingChange";
export type {
  ActivityPage, AgentsView, Card, CardReason, InboxRow, NewAgent, Overview, PoliciesView, PolicyRow, UpstreamRow,
  VoteReceipt, VoteRequest,
};

export type PolicyAction = PolicyRow["action"];
export type CardState = Card["state"];
export type PolicyMode = PolicyRow["mode"];

/** A request without a body. */
type Empty = Record<string, never>;

export type IpcSchema = {
  overview: { req: Empty; res: Overview };
  inbox: { req: Empty; res: InboxRow[] };
  card: { req: CardRequest; res: Card };
  vote: { req: VoteRequest; res: VoteReceipt };
  activity: { req: ActivityRequest; res: ActivityPage };
  policies: { req: Empty; res: PoliciesView };
  set_policy_mode: { req: PolicyModeRequest; res: PoliciesView };
  confirm_change: { req: ChangeRequest; res: PoliciesView };
  discard_change: { req: ChangeRequest; res: PoliciesView };
  upstreams: { req: Empty; res: UpstreamRow[] };
  add_upstream: { req: AddUpstreamRequest; res: UpstreamRow[] };
  remove_upstream: { req: NameRequest; res: UpstreamRow[] };
  agents: { req: Empty; res: AgentsView };
  add_agent: { req: AddAgentRequest; res: NewAgent };
  remove_agent: { req: NameRequest; res: AgentsView };
  practice_call: { req: PracticeCallRequest; res: Started };
};
