/** Settings of the fake world: saved in memory, refused by the same bounds as in Rust. */
import { IpcFailure } from "@/ipc/host";
import type { IpcSchema, SettingChange, SettingsView } from "@/ipc/schema";

export const dailySettings: SettingsView = {
  port: 7717, address: "127.0.0.1:7717", keep_days: 30, keep_mb: 1024, full_results: false, show_denied_tools: false,
  default_action: "allow", default_flow: null, flows: [{ id: "owner", name: "The desk’s owner" }, { id: "finance", name: "Finance, then the owner" }],
  autostart: false, at_next_start: [], home: "/home/ana/.local/share/doorward", log: "/home/ana/.local/share/doorward/doorward.log",
};

type Answers = Pick<{ [K in keyof IpcSchema]: (req: IpcSchema[K]["req"]) => IpcSchema[K]["res"] }, "settings" | "change_setting" | "read_log">;

export function settings(world: { settings: SettingsView; log: string[] }, changed: () => void): Answers {
  return {
    settings: () => world.settings,
    change_setting: (change) => {
      const undo = applied(world.settings, change);
      changed();
      return { view: world.settings, message: MESSAGES[change.kind], undo };
    },
    read_log: () => ({ path: world.settings.log, lines: world.log, cut: false }),
  };
}

const MESSAGES: Record<SettingChange["kind"], string> = {
  port: "Saved. It counts from the next start of Doorward on.",
  full_results: "Saved. It counts from the next start of Doorward on.",
  show_denied_tools: "Saved. It counts from the next start of Doorward on.",
  retention: "History is kept as you said. What is beyond goes within the hour.",
  default_action: "Calls that no policy decides are held for a person.",
  autostart: "Doorward starts with your session, in the tray.",
};

function applied(view: SettingsView, change: SettingChange): SettingChange {
  const waits = (sentence: string): void => { view.at_next_start = [...view.at_next_start, sentence]; };
  switch (change.kind) {
    case "port": {
      if (change.port < 1024) throw refused(`port ${change.port} belongs to the system`, "choose one from 1024 to 65535");
      const { port } = view;
      view.port = change.port;
      waits(`Agents connect to port ${change.port}. Until then it is 7717.`);
      return { kind: "port", port };
    }
    case "retention": {
      if (change.keep_days < 1 || change.keep_days > 3650) throw refused(`${change.keep_days} days of history cannot be kept`, "keep 1 to 3650 days");
      const { keep_days, keep_mb } = view;
      Object.assign(view, { keep_days: change.keep_days, keep_mb: change.keep_mb });
      return { kind: "retention", keep_days, keep_mb };
    }
    case "full_results":
      view.full_results = change.on;
      return { kind: "full_results", on: !change.on };
    case "show_denied_tools":
      view.show_denied_tools = change.on;
      return { kind: "show_denied_tools", on: !change.on };
    case "default_action": {
      const { default_action, default_flow } = view;
      Object.assign(view, { default_action: change.action, default_flow: change.flow });
      return { kind: "default_action", action: default_action, flow: default_flow };
    }
    case "autostart":
      view.autostart = change.on;
      return { kind: "autostart", on: !change.on };
  }
}

function refused(message: string, hint: string): IpcFailure {
  return new IpcFailure({ code: "bad_setting", message, hint });
}

export const dailyLog = [
  "2026-11-20T07:58:01.114203Z  INFO doorward_desktop::start: Doorward started version=\"0.1.0\"",
  "2026-11-20T07:58:02.008411Z  WARN gateway::upstream::stdio: the upstream ended by itself upstream=expenses code=1",
  "2026-11-20T08:58:01.120934Z  INFO gateway::history: old history was removed entries=412 bodies=0",
];
