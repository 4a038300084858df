export type ProofAnswer = { reasons: Array<string>, };
