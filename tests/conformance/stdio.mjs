// Standard input and output for both eras: a message a line. A request that names a modern version is answered as
// one; everything else goes to one legacy server.

import { createInterface } from "node:readline";
import { legacyServer } from "./legacy.mjs";
import { ModernServer, isModern } from "./modern.mjs";
import { INTERNAL, Refused } from "./refused.mjs";

const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

/** What the SDK's server takes for a connection. */
const line = {
  start: async () => {},
  send: async (message) => void write(message),
  close: async () => {},
};

export async function serveStdio() {
  const modern = new ModernServer();
  const calls = new Map();
  await legacyServer().connect(line);

  const answer = async (message) => {
    const stop = new AbortController();
    calls.set(message.id, stop);
    const call = {
      signal: stop.signal,
      stream: () => {},
      notify: (notification) => write({ jsonrpc: "2.0", ...notification }),
    };
    let outcome;
    try {
      outcome = { result: await modern.answer(message, undefined, call) };
    } catch (error) {
      outcome = { error: error instanceof Refused ? error.error : { code: INTERNAL, message: error.message } };
    }
    calls.delete(message.id);
    if (!stop.signal.aborted) write({ jsonrpc: "2.0", id: message.id, ...outcome });
  };

  createInterface({ input: process.stdin })
    .on("line", (text) => {
      let message;
      try {
        message = JSON.parse(text);
      } catch {
        return write({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "The line is not JSON" } });
      }
      const cancelled = message.method === "notifications/cancelled" ? calls.get(message.params?.requestId) : undefined;
      if (cancelled) cancelled.abort();
      else if (!isModern(message)) line.onmessage?.(message);
      else if (message.id !== undefined) answer(message);
    })
    .on("close", () => process.exit(0));
}
