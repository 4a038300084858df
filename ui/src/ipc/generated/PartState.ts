export type PartState = { ok: boolean, name: string, message: string | null, hint: string | null, };
