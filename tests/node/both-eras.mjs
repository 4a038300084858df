// An upstream of both eras made with the official TypeScript SDK: the published Node servers speak the older era only.
//
//   node both-eras.mjs            over standard input and output
//   node both-eras.mjs --http     on a free port of loopback, which it prints
//
// Its memory is the process's own, as over HTTP the newer era makes a server for each request.
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from "@modelcontextprotocol/node";
import {
  McpServer,
  ResourceTemplate,
  acceptedContent,
  completable,
  createMcpHandler,
  inputRequired,
  inputResponse,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const SHELF = ["shelf://books/1", "shelf://books/2", "shelf://books/3", "shelf://books/4", "shelf://books/5"];
const PAGE = 2;

const waits = { begun: 0, cancelled: 0 };
/** The newest number of `count` that a client said it heard. */
const heard = Object.assign(new EventEmitter(), { newest: 0 });
let notes = "nothing yet";
let isGrown = false;
/** Tells everybody who listens, over HTTP; over standard output the one server there is does it itself. */
let notifier;

const isHeard = async (number) => heard.newest >= number || once(heard, String(number));

const text = (words) => ({ content: [{ type: "text", text: words }] });

function build() {
  const server = new McpServer(
    { name: "both-eras", title: "Both eras", version: "1.2.3" },
    {
      instructions: "Ask for anything.",
      capabilities: {
        logging: {},
        tools: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
      },
    },
  );

  server.registerTool(
    "add",
    {
      title: "Adds",
      description: "The sum of two numbers.",
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number(), parts: z.array(z.number()) }),
      annotations: { readOnlyHint: true },
      _meta: { "example.com/colour": "grün" },
    },
    ({ a, b }) => {
      const sum = { sum: a + b, parts: [a, b] };
      return { ...text(JSON.stringify(sum)), structuredContent: sum, _meta: { "example.com/took": 0.25 } };
    },
  );
  server.registerTool(
    "greet",
    {
      description: "A greeting from a place; over HTTP the place is also a header.",
      inputSchema: z.object({ place: z.string().meta({ "x-mcp-header": "Place" }), name: z.string() }),
    },
    ({ place, name }, ctx) => text(`Hello ${name} in ${place}; ${ctx.mcpReq.method}`),
  );
  server.registerTool(
    "count",
    {
      description: "Counts, with progress and a log line for each number; may wait until `heard` names it.",
      inputSchema: z.object({ to: z.number(), attended: z.boolean().optional() }),
    },
    async ({ to, attended }, ctx) => {
      const token = ctx.mcpReq._meta?.progressToken;
      heard.newest = 0;
      for (let progress = 1; progress <= to; progress += 1) {
        const params = { progressToken: token, progress, total: to, message: `number ${progress}` };
        if (token !== undefined) await ctx.mcpReq.notify({ method: "notifications/progress", params });
        await ctx.mcpReq.log("info", { number: progress }, "counter");
        // Progress that comes in one piece with the result is dropped by the client library.
        if (attended && token !== undefined && progress < to) await isHeard(progress);
      }
      return text(`counted to ${to}`);
    },
  );
  server.registerTool(
    "heard",
    { description: "Says which number of `count` was heard.", inputSchema: z.object({ number: z.number() }) },
    ({ number }) => {
      heard.emit(String((heard.newest = number)));
      return text(`heard ${number}`);
    },
  );
  server.registerTool("fails", { description: "Fails, as tools do." }, () => {
    throw new Error("it broke, as it should");
  });

  server.registerTool(
    "repeat",
    { description: "Says it as often as asked.", inputSchema: z.object({ words: z.string(), times: z.number() }) },
    ({ words, times }) => text(words.repeat(times)),
  );
  const anything = z.looseObject({});
  server.server.setRequestHandler("example.com/mirror", { params: anything }, (params) => ({
    seen: params,
    "example.com/unknown": [null, { deep: "\u{1F6AA}" }],
  }));

  // What needs the client's help.
  server.registerTool("ask-person", { description: "Asks the person for a name." }, (ctx) => {
    const name = inputResponse(ctx.mcpReq.inputResponses, "name");
    if (name.kind === "elicit") return text(`${name.action}: ${JSON.stringify(name.content ?? null)}`);
    const requestedSchema = z.object({ name: z.string(), age: z.number().int().min(1) });
    const ask = inputRequired.elicit({ message: "Who are you?", requestedSchema });
    return inputRequired({ inputRequests: { name: ask } });
  });
  server.registerTool("ask-link", { description: "Sends the person to a page." }, (ctx) => {
    const seen = inputResponse(ctx.mcpReq.inputResponses, "page");
    if (seen.kind === "elicit") return text(`page: ${seen.action}`);
    const page = inputRequired.elicitUrl({ message: "Look at this", url: "https://example.com/p?a=1&b=%20" });
    return inputRequired({ inputRequests: { page }, requestState: "page-1" });
  });
  server.registerTool("ask-model", { description: "Asks the client's model." }, (ctx) => {
    const said = inputResponse(ctx.mcpReq.inputResponses, "model");
    if (said.kind === "sampling") return text(`the model said: ${said.result.content.text}`);
    const messages = [{ role: "user", content: { type: "text", text: "What is a door?" } }];
    const model = inputRequired.createMessage({ messages, maxTokens: 20, temperature: 0.5 });
    return inputRequired({ inputRequests: { model } });
  });
  server.registerTool("ask-roots", { description: "Asks where the client works." }, (ctx) => {
    const where = inputResponse(ctx.mcpReq.inputResponses, "where");
    if (where.kind === "roots") return text(where.roots.map(({ uri }) => uri).join(" "));
    return inputRequired({ inputRequests: { where: inputRequired.listRoots() } });
  });
  server.registerTool(
    "ask-twice",
    { description: "Asks in two rounds and remembers the first in its state.", inputSchema: z.object({ of: z.string() }) },
    ({ of }, ctx) => {
      const state = ctx.mcpReq.requestState();
      const first = acceptedContent(ctx.mcpReq.inputResponses, "first");
      const second = acceptedContent(ctx.mcpReq.inputResponses, "second");
      const ask = (message) =>
        inputRequired.elicit({ message, requestedSchema: z.object({ word: z.string() }) });
      if (second) return text(`${of}: ${state} then ${second.word}`);
      if (first) return inputRequired({ inputRequests: { second: ask("And then?") }, requestState: `was ${first.word} ✓` });
      return inputRequired({ inputRequests: { first: ask(`First of ${of}?`) } });
    },
  );

  server.registerTool("wait", { description: "Waits until it is cancelled." }, async (ctx) => {
    waits.begun += 1;
    const { signal } = ctx.mcpReq;
    const params = { progressToken: ctx.mcpReq._meta?.progressToken, progress: 1 };
    await ctx.mcpReq.notify({ method: "notifications/progress", params });
    await new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", resolve);
    });
    waits.cancelled += 1;
    return text("stopped waiting");
  });
  server.registerTool("waited", { description: "How often it waited, and was cancelled." }, () => text(JSON.stringify(waits)));

  // What changes.
  server.registerTool(
    "note",
    { description: "Writes into the notes.", inputSchema: z.object({ words: z.string() }) },
    async ({ words }) => {
      notes = words;
      if (notifier) notifier.resourceUpdated("notes://all");
      else await server.server.sendResourceUpdated({ uri: "notes://all" });
      return text("noted");
    },
  );
  const grown = server.registerTool("grown", { description: "Was not there before." }, () => text("here I am"));
  if (!isGrown) grown.disable();
  server.registerTool("grow", { description: "Adds a tool." }, () => {
    isGrown = true;
    grown.enable();
    notifier?.toolsChanged();
    return text("grown");
  });

  server.registerResource("notes", "notes://all", { title: "Notes", mimeType: "text/plain" }, (uri) => ({
    contents: [{ uri: uri.href, mimeType: "text/plain", text: notes }],
  }));
  const titles = ["Atlas", "Atoms", "Birds", "Bread"];
  const complete = { title: (value) => titles.filter((title) => title.startsWith(value)) };
  server.registerResource(
    "by title",
    new ResourceTemplate("shelf://title/{title}", { list: undefined, complete }),
    { description: "A book by its title.", mimeType: "application/octet-stream" },
    (uri, { title }) => ({ contents: [{ uri: uri.href, blob: Buffer.from(`<${title}>`).toString("base64") }] }),
  );
  // In pages, which the SDK's own list does not have.
  server.server.setRequestHandler("resources/list", ({ params }) => {
    const from = Number(params?.cursor ?? 0);
    const next = from + PAGE;
    const resources = SHELF.slice(from, next).map((uri) => ({ uri, name: uri.split("/").at(-1), size: 10 }));
    return { resources, ...(next < SHELF.length ? { nextCursor: `${next}` } : {}) };
  });

  const names = ["Ada", "Alan", "Grace"];
  server.registerPrompt(
    "letter",
    {
      title: "A letter",
      description: "Begins a letter.",
      argsSchema: z.object({
        to: completable(z.string(), (value) => names.filter((name) => name.startsWith(value))),
        tone: z.string().optional(),
      }),
    },
    ({ to, tone }) => ({
      description: "A letter begun",
      messages: [{ role: "user", content: { type: "text", text: `Dear ${to} (${tone ?? "plain"})` } }],
    }),
  );
  server.registerPrompt("asking", { description: "Needs a name first." }, (ctx) => {
    const name = acceptedContent(ctx.mcpReq.inputResponses, "name");
    const requestedSchema = z.object({ name: z.string() });
    const ask = inputRequired.elicit({ message: "For whom?", requestedSchema });
    if (!name) return inputRequired({ inputRequests: { name: ask } });
    return { messages: [{ role: "user", content: { type: "text", text: `For ${name.name}` } }] };
  });
  server.registerResource("secret", "secret://one", { description: "Needs a word first." }, (uri, ctx) => {
    const word = acceptedContent(ctx.mcpReq.inputResponses, "word");
    const ask = inputRequired.elicit({ message: "The word?", requestedSchema: z.object({ word: z.string() }) });
    if (!word) return inputRequired({ inputRequests: { word: ask } });
    return { contents: [{ uri: uri.href, text: `opened with ${word.word}` }] };
  });
  return server;
}

if (process.argv.includes("--http")) {
  const handler = createMcpHandler(build);
  notifier = handler.notify;
  const serve = toNodeHandler(handler);
  const isOurs = [localhostHostValidation(), localhostOriginValidation()];
  const http = createServer((request, response) => {
    if (isOurs.every((check) => check(request, response))) serve(request, response);
  });
  http.listen(0, "127.0.0.1", () => console.log(`listens on http://127.0.0.1:${http.address().port}/mcp`));
} else {
  serveStdio(build);
}
