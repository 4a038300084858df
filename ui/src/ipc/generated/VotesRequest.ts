import type { VoteChoice } from "./VoteChoice";
import type { VotedCall } from "./VotedCall";

export type VotesRequest = { calls: Array<VotedCall>, choice: VoteChoice, reason: string | null, };
