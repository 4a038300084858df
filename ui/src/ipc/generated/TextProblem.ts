export type TextProblem = { 
/**
 * In UTF-16 units, as editors count.
 */
at: number, message: string, hint: string | null, };
