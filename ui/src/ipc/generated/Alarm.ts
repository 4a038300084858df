export type Alarm = { code: string, message: string, hint: string, };
