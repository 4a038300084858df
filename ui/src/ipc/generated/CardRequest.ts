export type CardRequest = { hold: string, };
