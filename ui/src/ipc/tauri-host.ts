/** The real host: one Tauri command, two events. */
import { invoke, isTauri } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
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
};

/**
 * `listen` answers later than it is asked; a listener taken back before that is taken back then.
 * `ready` runs once events arrive: what happened before that was not heard.
 */
function subscribe<K extends keyof Events>(
  event: K,
  listener: (payload: Events[K]) => void,
  ready: () => void = () => undefined,
): Unsubscribe {
  const pending = listen<Events[K]>(event, ({ payload }) => { listener(payload); });
  void pending.then(ready);
  return () => { void pending.then((stop) => { stop(); }); };
}
