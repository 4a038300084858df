export type Choice = { id: string, name: string, words: string, };
