import type { Tag } from "./Tag";

export type Changed = { tags: Array<Tag>, hold: string | null, };
