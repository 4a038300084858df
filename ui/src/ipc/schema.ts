/**
 * What the window may ask, and the shapes that come back. All of it is written by Rust into `generated/`;
 * everything else in the window takes it from here.
 */
import type { AnswersSchema } from "./answers";
import type { Card } from "./generated/Card";
import type { IpcSchema as Generated } from "./generated/IpcSchema";
import type { PolicyRow } from "./generated/PolicyRow";

export type { ActivityOutcome } from "./generated/ActivityOutcome";
export type { ActivityPage } from "./generated/ActivityPage";
export type { ActivityRequest } from "./generated/ActivityRequest";
export type { ActivityRow } from "./generated/ActivityRow";
export type { AgentRow } from "./generated/AgentRow";
export type { AgentsView } from "./generated/AgentsView";
export type { Alarm } from "./generated/Alarm";
export type { Answers } from "./generated/Answers";
export type { Card } from "./generated/Card";
export type { CardArgument } from "./generated/CardArgument";
export type { CardReason } from "./generated/CardReason";
export type { CardStage } from "./generated/CardStage";
export type { Changed } from "./generated/Changed";
export type { ChangedFile } from "./generated/ChangedFile";
export type { GrantBound } from "./generated/GrantBound";
export type { GrantChoice } from "./generated/GrantChoice";
export type { GrantChoices } from "./generated/GrantChoices";
export type { GrantOffer } from "./generated/GrantOffer";
export type { GrantPreview } from "./generated/GrantPreview";
export type { GrantRow } from "./generated/GrantRow";
export type { GrantState } from "./generated/GrantState";
export type { GrantTerms } from "./generated/GrantTerms";
export type { InboxRow } from "./generated/InboxRow";
export type { IpcError } from "./generated/IpcError";
export type { NewAgent } from "./generated/NewAgent";
export type { Overview } from "./generated/Overview";
export type { PartState } from "./generated/PartState";
export type { PastCall } from "./generated/PastCall";
export type { Person } from "./generated/Person";
export type { PoliciesView } from "./generated/PoliciesView";
export type { PolicyRow } from "./generated/PolicyRow";
export type { PracticeKind } from "./generated/PracticeKind";
export type { Tag } from "./generated/Tag";
export type { UpstreamRow } from "./generated/UpstreamRow";
export type { VoteReceipt } from "./generated/VoteReceipt";
export type { VoteRequest } from "./generated/VoteRequest";
export type { WaitingChange } from "./generated/WaitingChange";

export type IpcSchema = Generated & AnswersSchema;
export type CardState = Card["state"];
export type PolicyAction = PolicyRow["action"];
export type PolicyMode = PolicyRow["mode"];
