export type ToolChoice = { 
/**
 * `upstream/tool`
 */
id: string, upstream: string, name: string, title: string | null, description: string | null, 
/**
 * What the upstream says of it: "destructive".
 */
claims: Array<string>, 
/**
 * The target is about it.
 */
chosen: boolean, };
