import type { GrantBound } from "./GrantBound";

export type GrantLimit = { argument: string, bound: GrantBound, };
