export type DeleteRequest = { id: string, };
