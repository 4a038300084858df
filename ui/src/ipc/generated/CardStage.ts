export type CardStage = { flow: string, name: string, 
/**
 * In words: "the desk's owner", "finance".
 */
approvers: string, votes: number, required: number, current: boolean, };
