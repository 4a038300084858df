export type IpcError = { code: string, message: string, hint: string, };
