import type { SaveEffect } from "./SaveEffect";

export type SaveView = { can: boolean, effect: SaveEffect, 
/**
 * "Save, tightens"
 */
label: string, 
/**
 * What stands in the way, or what happens next.
 */
note: string, 
/**
 * Why it needs a passkey, one sentence each; none where it is free, or where none is enrolled.
 */
proof: Array<string>, };
