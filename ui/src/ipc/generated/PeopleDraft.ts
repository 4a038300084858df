import type { UserDraft } from "./UserDraft";

export type PeopleDraft = { 
/**
 * The file as it was when one began.
 */
base: string, users: Array<UserDraft>, };
