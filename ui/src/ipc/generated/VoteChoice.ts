export type VoteChoice = "approve" | "reject";
