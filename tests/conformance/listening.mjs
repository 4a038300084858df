// `subscriptions/listen`: requests that stay open and carry what has changed to those who asked for it.

import { invalid } from "./refused.mjs";

export const SUBSCRIPTION_KEY = "io.modelcontextprotocol/subscriptionId";

const METHODS = {
  toolsListChanged: "notifications/tools/list_changed",
  promptsListChanged: "notifications/prompts/list_changed",
  resourcesListChanged: "notifications/resources/list_changed",
};

export class Listeners {
  #open = new Set();

  /** Stays open until the client leaves; or, for a client that wanted nothing, ends at once. */
  async serve({ id, params }, call) {
    const wanted = params.notifications;
    if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) {
      throw invalid("`notifications` has to say what to listen for");
    }
    const honoured = {};
    for (const key of Object.keys(METHODS)) if (wanted[key] === true) honoured[key] = true;
    if (wanted.resourceSubscriptions?.length > 0) honoured.resourceSubscriptions = wanted.resourceSubscriptions;

    const _meta = { [SUBSCRIPTION_KEY]: id };
    const send = (method, more) => call.notify({ method, params: { ...more, _meta } });
    send("notifications/subscriptions/acknowledged", { notifications: honoured });
    if (Object.keys(honoured).length > 0) {
      const listener = { honoured, send };
      this.#open.add(listener);
      await new Promise((resolve) => call.signal.addEventListener("abort", resolve, { once: true }));
      this.#open.delete(listener);
    }
    return { _meta };
  }

  listChanged(what) {
    for (const { honoured, send } of this.#open) if (honoured[what]) send(METHODS[what]);
  }

  updated(uri) {
    for (const { honoured, send } of this.#open) {
      if (honoured.resourceSubscriptions?.includes(uri)) send("notifications/resources/updated", { uri });
    }
  }
}
