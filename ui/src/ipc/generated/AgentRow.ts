import type { OtherProgram } from "./OtherProgram";

export type AgentRow = { name: string, user: string, added_at: number, last_seen: number | null, 
/**
 * Paths of the programs it is known to be; none before its first call.
 */
programs: Array<string>, 
/**
 * Programs that lately called in its name without being known as it, the latest first.
 */
other_programs: Array<OtherProgram>, 
/**
 * How long it is kept waiting for a held call, in seconds; none where nobody set that.
 */
wait_limit: number | null, 
/**
 * How long that is where nobody set it, in words; none before its first call.
 */
wait_of_program: string | null, };
