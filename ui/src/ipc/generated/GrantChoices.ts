import type { GrantChoice } from "./GrantChoice";

export type GrantChoices = { argument: string, title: string | null, 
/**
 * The narrowest first.
 */
choices: Array<GrantChoice>, };
