import type { UserAttributeKind } from "./UserAttributeKind";

export type UserAttribute = { key: string, kind: UserAttributeKind, text: string, };
