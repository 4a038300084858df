export type OtherProgram = { 
/**
 * Its path.
 */
program: string, last_call: number, };
