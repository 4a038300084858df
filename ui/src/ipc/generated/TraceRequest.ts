export type TraceRequest = { seq: number, };
