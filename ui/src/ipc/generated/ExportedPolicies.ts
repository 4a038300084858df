export type ExportedPolicies = { files: number, text: string, };
