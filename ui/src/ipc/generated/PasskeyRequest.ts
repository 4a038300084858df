export type PasskeyRequest = { id: string, name: string | null, };
