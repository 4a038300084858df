/** The answers beside approve and reject, and the list of grants: their part of the command table. */
import type { Answers } from "./generated/Answers";
import type { AnswersRequest } from "./generated/AnswersRequest";
import type { EditRequest } from "./generated/EditRequest";
import type { GrantName } from "./generated/GrantName";
import type { GrantPreview } from "./generated/GrantPreview";
import type { GrantRequest } from "./generated/GrantRequest";
import type { GrantRow } from "./generated/GrantRow";
import type { Nothing } from "./generated/Nothing";
import type { VoteReceipt } from "./generated/VoteReceipt";

export type AnswersSchema = {
  answers: { req: AnswersRequest; res: Answers };
  extend: { req: AnswersRequest; res: VoteReceipt };
  approve_edited: { req: EditRequest; res: VoteReceipt };
  preview_grant: { req: GrantRequest; res: GrantPreview };
  approve_and_grant: { req: GrantRequest; res: VoteReceipt };
  grants: { req: Nothing; res: GrantRow[] };
  revoke_grant: { req: GrantName; res: GrantRow[] };
};
