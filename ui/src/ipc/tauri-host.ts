/** The real host: one Tauri command, two events; three commands more in the approval window. */
import { invoke, isTauri } from "@tauri-apps/api/core";
import { getCurrentWebviewWindow } from "@tauri-apps/api/webviewWindow";
import type { Host, Unsubscribe } from "./host";
import type { Changed } from "./schema";

export { isTauri };

type Events = { "changed": Changed; "open-hold": { hold: string } };

const EVERYTHING: Changed = {
  tags: ["overview", "inbox", "activity", "policies", "upstreams", "agents", "grants", "security"],
  hold: null,
};

export const tauriHost: Host = {
  call: (name, body) => invoke("ipc", { name, body }),
  onChanged: (listener) => subscribe("changed", listener, () => { listener(EVERYTHING); }),
  onOpenHold: (listener) => subscribe("open-hold", ({ hold }) => { listener(hold); }),
  shownHold: () => invoke("shown_hold"),
  putAway: () => invoke("put_away"),
  openInInbox: () => invoke("open_in_inbox"),
};

/**
 * Only what is sent to this very window is heard. `listen` answers later than it is asked; a listener taken back before
 * that is taken back then. `ready` runs once events arrive: what happened before that was not heard.
 */
function subscribe<K extends keyof Events>(
  event: K,
  listener: (payload: Events[K]) => void,
  ready: () => void = () => undefined,
): Unsubscribe {
  const pending = getCurrentWebviewWindow().listen<Events[K]>(event, ({ payload }) => { listener(payload); });
  void pending.then(ready);
  return () => { void pending.then((stop) => { stop(); }); };
}
