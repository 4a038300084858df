export type PackAdded = { added: Array<string>, 
/**
 * Files of the same name that stayed as they were.
 */
kept: Array<string>, };
