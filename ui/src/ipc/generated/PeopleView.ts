import type { SaveView } from "./SaveView";
import type { UserView } from "./UserView";

export type PeopleView = { 
/**
 * Of each user, in the order of the draft.
 */
users: Array<UserView>, 
/**
 * What is wrong with the whole.
 */
problems: Array<string>, 
/**
 * Agents that act for nobody who is here.
 */
orphans: Array<string>, 
/**
 * Roles that anybody has, or that policies and flows name.
 */
roles: Array<string>, 
/**
 * Names of custom attributes that anybody has.
 */
attributes: Array<string>, save: SaveView, };
