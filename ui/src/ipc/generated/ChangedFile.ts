import type { ChangeKind } from "./ChangeKind";

export type ChangedFile = { path: string, kind: ChangeKind, before: string | null, after: string | null, };
