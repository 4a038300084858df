export type Problem = { message: string, hint: string, };
