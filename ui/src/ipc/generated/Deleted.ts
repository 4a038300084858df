export type Deleted = { id: string, name: string, text: string, };
