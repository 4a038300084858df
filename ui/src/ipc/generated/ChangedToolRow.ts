export type ChangedToolRow = { upstream: string, tool: string, 
/**
 * Of the definition that is shown: what is accepted is that one.
 */
hash: string, 
/**
 * Line by line, `+` and `-` in front.
 */
difference: string, };
