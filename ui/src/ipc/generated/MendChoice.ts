export type MendChoice = { label: string, 
/**
 * To be sent back as it is.
 */
mend: object, };
