import type { Tag } from "./Tag";

export type Changed = { tags: Array<Tag>, 
/**
 * The hold it was about.
 */
hold: string | null, };
