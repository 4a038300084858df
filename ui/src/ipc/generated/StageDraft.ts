export type StageDraft = { 
/**
 * Which stage of the file it was.
 */
from: number | null, users: Array<string>, roles: Array<string>, required: number, 
/**
 * `15m`
 */
within: string, escalates: boolean, escalate_users: Array<string>, escalate_roles: Array<string>, step_up: "any" | "passkey" | null, exclude_requester: boolean, grants: boolean, };
