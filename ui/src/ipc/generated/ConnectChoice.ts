import type { ServerPick } from "./ServerPick";

export type ConnectChoice = { 
/**
 * The agent program.
 */
id: string, 
/**
 * Servers to move; none is every one that can be.
 */
servers: Array<ServerPick> | null, 
/**
 * Upstreams of ours that it shall reach as well.
 */
upstreams: Array<string>, 
/**
 * Values that look secret go into the keychain.
 */
keep_secrets: boolean, };
