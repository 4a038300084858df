import type { ConnectHelp } from "./ConnectHelp";

export type NewAgent = { name: string, token: string, connect: Array<ConnectHelp>, };
