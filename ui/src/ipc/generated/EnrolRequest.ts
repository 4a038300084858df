export type EnrolRequest = { person: string, name: string, };
