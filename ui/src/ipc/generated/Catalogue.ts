import type { AttributeChoice } from "./AttributeChoice";
import type { Choice } from "./Choice";
import type { Problem } from "./Problem";
import type { ToolChoice } from "./ToolChoice";

export type Catalogue = { tools: Array<ToolChoice>, 
/**
 * How many of them the target is about.
 */
matched: number, attributes: Array<AttributeChoice>, users: Array<Choice>, roles: Array<Choice>, agents: Array<Choice>, contexts: Array<Choice>, flows: Array<Choice>, 
/**
 * Upstreams whose tools are not known.
 */
problems: Array<Problem>, };
