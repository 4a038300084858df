import type { Verified } from "./Verified";

export type Connected = { agent: string, files: Array<string>, servers: Array<Verified>, 
/**
 * The program must be started again to see the change.
 */
restart: boolean, };
