import type { PeopleDraft } from "./PeopleDraft";

export type PeopleRequest = { draft: PeopleDraft, };
