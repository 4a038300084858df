export type TriedPredicate = { text: string, attribute: string, compared: string | null, truth: "true" | "false" | "undetermined", note: string | null, };
