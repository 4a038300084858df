import type { DefaultChoice } from "./DefaultChoice";
import type { Person } from "./Person";

export type SettingsView = { 
/**
 * As `doorward.toml` says; the address in use may be another one until the next start.
 */
port: number, address: string, keep_days: number, keep_mb: number, full_results: boolean, show_denied_tools: boolean, default_action: DefaultChoice, 
/**
 * Of `request_approval`.
 */
default_flow: string | null, flows: Array<Person>, 
/**
 * None where this system starts programs in another way.
 */
autostart: boolean | null, 
/**
 * Saved, and in force from the next start on: one sentence each.
 */
at_next_start: Array<string>, home: string, log: string, };
