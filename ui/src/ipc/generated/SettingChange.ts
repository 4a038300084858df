import type { DefaultChoice } from "./DefaultChoice";

export type SettingChange = { "kind": "port", port: number, } | { "kind": "retention", keep_days: number, keep_mb: number, } | { "kind": "full_results", on: boolean, } | { "kind": "show_denied_tools", on: boolean, } | { "kind": "default_action", action: DefaultChoice, flow: string | null, } | { "kind": "autostart", on: boolean, };
