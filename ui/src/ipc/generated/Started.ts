export type Started = { started: boolean, };
