export type CardStage = { flow: string, name: string, 
/**
 * In words: "the desk's owner", "finance".
 */
approvers: string, votes: number, 
/**
 * Who cast them.
 */
voters: Array<string>, required: number, current: boolean, 
/**
 * Its deadline has passed, and more people are asked; `approvers` names them too.
 */
escalated: boolean, 
/**
 * Its deadline was put off.
 */
extended: boolean, 
/**
 * Nobody approves here what their own agent asks.
 */
exclude_requester: boolean, 
/**
 * Each approval here comes with a proof that its voter was there.
 */
step_up: boolean, };
