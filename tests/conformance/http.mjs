// Streamable HTTP for both eras on one address. Which era a request is of is read from the request.

import { createServer } from "node:http";
import { legacySessions } from "./legacy.mjs";
import { ModernServer, isModern } from "./modern.mjs";
import { INTERNAL, Refused } from "./refused.mjs";

const OWN_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

function isOwn(address) {
  try {
    return OWN_NAMES.has(new URL(address).hostname);
  } catch {
    return false;
  }
}

/** Whether a request can have come from a program of this machine, and not through a name that was bent to it. */
function comesFromHere({ host, origin }) {
  return isOwn(`http://${host}`) && (origin === undefined || isOwn(origin));
}

function sendJson(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

const failure = (id, code, message) => ({ jsonrpc: "2.0", id, error: { code, message } });

/** One modern request: plain JSON, or an event stream from the first notification on. Leaving is cancelling. */
class ModernCall {
  #response;
  #stop = new AbortController();
  #streams = false;

  constructor(response) {
    this.#response = response;
    response.on("close", () => this.#stop.abort());
  }

  /** What a handler may do with the call. */
  handle() {
    return {
      signal: this.#stop.signal,
      stream: () => this.#stream(),
      notify: (message) => this.#send({ jsonrpc: "2.0", ...message }),
    };
  }

  finish(status, body) {
    if (this.#stop.signal.aborted) return;
    if (!this.#streams) return sendJson(this.#response, status, body);
    this.#send(body);
    this.#response.end();
  }

  #stream() {
    if (this.#streams || this.#stop.signal.aborted) return;
    this.#streams = true;
    this.#response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache, no-transform" });
  }

  #send(message) {
    this.#stream();
    if (!this.#stop.signal.aborted) this.#response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }
}

async function answerModern(modern, message, request, response) {
  if (message.id === undefined) return void response.writeHead(202).end();
  const call = new ModernCall(response);
  try {
    const result = await modern.answer(message, request.headers, call.handle());
    call.finish(200, { jsonrpc: "2.0", id: message.id, result });
  } catch (error) {
    if (error instanceof Refused) {
      return call.finish(error.status, { jsonrpc: "2.0", id: message.id, error: error.error });
    }
    call.finish(500, failure(message.id, INTERNAL, error.message));
  }
}

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Listens on loopback; resolves to the address to speak to. */
export function serveHttp(port, { lenient }) {
  const modern = new ModernServer({ lenient });
  const legacy = legacySessions();

  const answer = async (request, response) => {
    if (!lenient && !comesFromHere(request.headers)) {
      return sendJson(response, 403, failure(null, -32000, "This Host or Origin is not ours"));
    }
    if (request.method !== "POST") return legacy.handle(request, response);
    let body;
    try {
      body = JSON.parse(await read(request));
    } catch {
      return sendJson(response, 400, failure(null, -32700, "The body is not JSON"));
    }
    if (isModern(body, request.headers)) return answerModern(modern, body, request, response);
    return legacy.handle(request, response, body);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (!response.headersSent) sendJson(response, 500, failure(null, INTERNAL, error.message));
    });
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}/mcp`));
  });
}
