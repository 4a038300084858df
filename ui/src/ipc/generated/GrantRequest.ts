import type { GrantTerms } from "./GrantTerms";

export type GrantRequest = { hold: string, digest: string, terms: GrantTerms, };
