export type PasskeyRow = { id: string, name: string, person: string, person_name: string, 
/**
 * In groups, to compare by eye.
 */
fingerprint: string, 
/**
 * Epoch milliseconds.
 */
enrolled_at: number, 
/**
 * Epoch milliseconds.
 */
last_used_at: number | null, 
/**
 * The name of the one that let it in; none for the first.
 */
signed_by: string | null, 
/**
 * Its removal asks for itself.
 */
last: boolean, };
