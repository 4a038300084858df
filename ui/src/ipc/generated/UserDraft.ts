import type { UserAttribute } from "./UserAttribute";

export type UserDraft = { 
/**
 * Which user of the file it was; null for a new one.
 */
from: number | null, id: string, name: string, email: string, roles: Array<string>, department: string, 
/**
 * The desk's owner, whose votes need no passkey.
 */
owner: boolean, attributes: Array<UserAttribute>, };
