export type ExportAs = "jsonl" | "csv";
