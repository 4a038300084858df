export type ExportPoliciesRequest = { 
/**
 * A folder that is empty or not there yet, by its whole path.
 */
folder: string, };
