export type TypedText = string;
