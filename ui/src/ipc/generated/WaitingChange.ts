import type { ChangedFile } from "./ChangedFile";

export type WaitingChange = { hash: string, files: Array<ChangedFile>, problems: Array<string>, };
