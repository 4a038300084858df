export type CatalogueRequest = { 
/**
 * The patterns of the draft's target.
 */
tools: Array<string>, };
