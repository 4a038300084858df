export type DeleteFlowRequest = { id: string, };
