import type { Editor } from "./Editor";
import type { OperatorChoice } from "./OperatorChoice";

export type AttributeChoice = { id: string, 
/**
 * As a row names it.
 */
attribute: string, 
/**
 * Of an entry of a list: `.price`, or nothing for the entry itself; null where no list is looked into.
 */
part: string | null, 
/**
 * "Parameters", "The user"
 */
group: string, label: string, description: string | null, 
/**
 * "number", "one of 6"
 */
kind: string, 
/**
 * Of a number, as its schema says it: "EUR", "seconds".
 */
unit: string | null, 
/**
 * "seen 12 to 9,400", "required", "claimed by the agent"
 */
notes: Array<string>, 
/**
 * The only values, or those seen lately.
 */
values: Array<string>, 
/**
 * No other value can occur.
 */
closed: boolean, editor: Editor, operators: Array<OperatorChoice>, };
