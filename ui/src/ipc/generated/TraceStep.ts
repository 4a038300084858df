export type TraceStep = { at: number, text: string, };
