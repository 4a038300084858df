export type CardStage = { flow: string, name: string, approvers: string, votes: number, required: number, current: boolean, };
