import type { ConnectHelp } from "./ConnectHelp";

export type NewAgent = { name: string, 
/**
 * Shown once.
 */
token: string, connect: Array<ConnectHelp>, };
