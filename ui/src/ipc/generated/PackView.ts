import type { PackFile } from "./PackFile";

export type PackView = { title: string, 
/**
 * Its page, as it is shipped; empty for a folder without one.
 */
page: string, files: Array<PackFile>, 
/**
 * What its default is, where that differs from the one in force: "held for approval by the flow owner".
 */
default: string | null, 
/**
 * Upstreams that its policies name and that are not connected.
 */
absent: Array<string>, 
/**
 * Why it cannot be added.
 */
problems: Array<string>, 
/**
 * Why adding it needs a passkey; none where it is free.
 */
proof_enforced: Array<string>, proof_observed: Array<string>, 
/**
 * All its files as one text.
 */
text: string, };
