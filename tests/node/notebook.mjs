// What one client saw, in the order of its tour: what came back for each step, and what the server sent or asked by
// itself. What differs from run to run (times of day, random ids) is written as a word.

/** How long anything is awaited. */
const PATIENCE = 60_000;

export class Notebook {
  #steps = [];
  #heard = [];
  #waiters = new Set();
  awaited = [];
  /** Texts that are this run's own, by the words that stand for them. */
  #own;
  /** What the client calls its roots. */
  roots = [{ uri: "file:///srv/one", name: "One" }];

  constructor(own) {
    this.#own = Object.entries(own);
  }

  write(step, saw) {
    this.#steps.push({ step, saw });
  }

  /** Writes down what a promise becomes: its value, or the error's code and words. */
  async see(step, promise) {
    try {
      const value = await promise;
      this.write(step, value);
      return value;
    } catch (error) {
      this.write(step, { failed: error.code ?? error.name, message: error.message, data: error.data });
      return undefined;
    }
  }

  /** Answers what servers ask of clients, and keeps everything they send. */
  listen(client) {
    const asked = (method, answer) =>
      client.setRequestHandler(method, async ({ params }) => {
        this.hear(method, params ?? {});
        return answer(params);
      });
    asked("roots/list", () => ({ roots: this.roots }));
    asked("sampling/createMessage", ({ messages }) => ({
      role: "assistant",
      model: "a-model",
      stopReason: "endTurn",
      content: { type: "text", text: `I was asked: ${messages.at(-1).content.text}` },
    }));
    asked("elicitation/create", ({ mode, requestedSchema }) => {
      if (mode === "url") return { action: "accept" };
      const kinds = { string: "Zoë", boolean: true, integer: 7, number: 2.5 };
      const content = Object.fromEntries(
        Object.entries(requestedSchema.properties)
          .filter(([, { type, format, enum: choice, oneOf }]) => kinds[type] !== undefined && !format && !choice && !oneOf)
          .map(([name, { type }]) => [name, kinds[type]]),
      );
      return { action: "accept", content };
    });
    for (const method of [
      "notifications/message",
      "notifications/tools/list_changed",
      "notifications/prompts/list_changed",
      "notifications/resources/list_changed",
      "notifications/resources/updated",
      "notifications/elicitation/complete",
    ]) {
      client.setNotificationHandler(method, ({ params }) => this.hear(method, params ?? {}));
    }
  }

  hear(method, params) {
    this.#heard.push({ method, params });
    for (const look of this.#waiters) look();
  }

  /** How much was heard so far: what comes later is counted from here. */
  get mark() {
    return this.#heard.length;
  }

  /** The parameters of the first message of a method since `mark` that fits. */
  heard(method, { mark = 0, fits = () => true } = {}) {
    const find = () => this.#heard.slice(mark).find((one) => one.method === method && fits(one.params))?.params;
    return new Promise((resolve, reject) => {
      this.awaited.push(method);
      const limit = setTimeout(() => done(reject, new Error(`${method} was awaited in vain`)), PATIENCE);
      const look = () => find() && done(resolve, find());
      const done = (settle, value) => {
        clearTimeout(limit);
        this.#waiters.delete(look);
        this.awaited.splice(this.awaited.indexOf(method), 1);
        settle(value);
      };
      this.#waiters.add(look);
      look();
    });
  }

  text() {
    return JSON.stringify(this.#steps, (_, value) => {
      if (typeof value !== "string") return value;
      const known = this.#own.reduce((text, [name, own]) => text.replaceAll(own, `{${name}}`), value);
      return known
        .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "an-id")
        .replaceAll(/\b[0-9a-f]{32}\b/g, "an-id")
        .replaceAll(/\d{1,2}:\d{2}:\d{2}\s[AP]M/g, "a-time");
    });
  }
}

/** The text of a blob that came as base64. */
export const unwrap = (blob) => Buffer.from(blob, "base64").toString("utf8");
