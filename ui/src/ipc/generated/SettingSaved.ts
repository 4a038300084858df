import type { SettingChange } from "./SettingChange";
import type { SettingsView } from "./SettingsView";

export type SettingSaved = { view: SettingsView, 
/**
 * What happened, one sentence.
 */
message: string, 
/**
 * The change that takes this one back.
 */
undo: SettingChange, };
