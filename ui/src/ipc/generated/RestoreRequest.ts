export type RestoreRequest = { id: string, text: string, };
