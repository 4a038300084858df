import type { Alarm } from "./Alarm";
import type { GatewayState } from "./GatewayState";
import type { PartState } from "./PartState";
import type { Person } from "./Person";

export type Overview = { version: string, home: string, gateway: GatewayState, waiting: number, 
/**
 * Every call waits for a person until calls go again.
 */
paused: boolean, owner: Person, keychain: PartState, notifications: PartState, 
/**
 * Whether anybody can tell if it is locked.
 */
screen: PartState, 
/**
 * The practice upstream and its agent are set up.
 */
practice: boolean, alarms: Array<Alarm>, };
