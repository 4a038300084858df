// The legacy era (up to 2025-11-25), on the official SDK: sessions, a stream of the server's own, requests to the
// client, and streams that can be taken up again.

import { randomUUID } from "node:crypto";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListRootsResultSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import * as content from "./content.mjs";
import { contact, sampling, withDefaults, withEnums } from "./questions.mjs";

const { said, tool, pause } = content;
const RETRY_MS = 200;

const elicited = (result) =>
  said(`Elicitation completed: action=${result.action}, content=${JSON.stringify(result.content ?? {})}`);

const tools = [
  ...content.plainTools,
  tool("test_tool_with_logging", "Writes three log messages", async (_, call) => {
    for (const words of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
      await call.log("info", words);
      await pause(50, call.signal);
    }
    return said("Three messages were logged.");
  }),
  tool(
    "test_sampling",
    "Asks the client's model",
    async ({ prompt }, call) => {
      const answer = await call.ask("sampling/createMessage", sampling(prompt), CreateMessageResultSchema);
      return said(`LLM response: ${answer.content.text ?? JSON.stringify(answer.content)}`);
    },
    { type: "object", properties: { prompt: { type: "string" } }, required: ["prompt"] },
  ),
  tool(
    "test_elicitation",
    "Asks the client's user",
    async ({ message }, call) => {
      const answer = await call.ask("elicitation/create", contact(message), ElicitResultSchema);
      return said(`User response: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    },
    { type: "object", properties: { message: { type: "string" } }, required: ["message"] },
  ),
  tool("test_elicitation_sep1034_defaults", "Asks with a default for every kind of field", async (_, call) =>
    elicited(await call.ask("elicitation/create", withDefaults, ElicitResultSchema)),
  ),
  tool("test_elicitation_sep1330_enums", "Asks with every kind of choice", async (_, call) =>
    elicited(await call.ask("elicitation/create", withEnums, ElicitResultSchema)),
  ),
  tool("test_roots", "Asks the client for its roots", async (_, call) => {
    const answer = await call.ask("roots/list", {}, ListRootsResultSchema);
    return said(`Roots: ${answer.roots.map((root) => root.uri).join(", ")}`);
  }),
  tool("test_reconnection", "Closes its stream before it answers", async (_, call) => {
    call.closeStream?.();
    await pause(100, call.signal);
    return said("Reconnection test completed successfully");
  }),
  tool("test_trigger_tool_change", "Says that the list of tools has changed", async (_, call) => {
    await call.server.sendToolListChanged();
    return said("Said so.");
  }),
  tool("test_trigger_prompt_change", "Says that the list of prompts has changed", async (_, call) => {
    await call.server.sendPromptListChanged();
    return said("Said so.");
  }),
  tool("test_touch_watched_resource", "Changes the watched resource", async (_, call) => {
    for (const uri of call.subscribed) await call.server.sendResourceUpdated({ uri });
    return said(`Said so to ${call.subscribed.size} subscriptions.`);
  }),
];

/** A server for one session. */
export function legacyServer() {
  const server = new Server(content.SERVER, {
    instructions: content.INSTRUCTIONS,
    capabilities: {
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
    },
  });
  const subscribed = new Set();
  const refuse = (words, data) => new McpError(ErrorCode.InvalidParams, words, data);

  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map((each) => each.definition) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const found = tools.find((each) => each.definition.name === params.name);
    if (!found) throw refuse(`Unknown tool: ${params.name}`);
    const { progressToken } = params._meta ?? {};
    return found.run(params.arguments ?? {}, {
      server,
      subscribed,
      signal: extra.signal,
      closeStream: extra.closeSSEStream,
      progress: async (progress, total) => {
        if (progressToken === undefined) return;
        await extra.sendNotification({
          method: "notifications/progress",
          params: { progressToken, progress, total },
        });
      },
      log: (level, data) =>
        extra.sendNotification({ method: "notifications/message", params: { level, logger: "tool", data } }),
      ask: (method, asked, schema) => extra.sendRequest({ method, params: asked }, schema),
    });
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: content.resources }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: content.resourceTemplates,
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
    const contents = content.read(params.uri);
    if (!contents) throw new McpError(-32002, "Resource not found", { uri: params.uri });
    return { contents };
  });
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => (subscribed.add(params.uri), {}));
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => (subscribed.delete(params.uri), {}));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: content.plainPrompts.map((each) => each.definition),
  }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    const found = content.plainPrompts.find((each) => each.definition.name === params.name);
    if (!found) throw refuse(`Unknown prompt: ${params.name}`);
    return found.messages(params.arguments ?? {});
  });
  server.setRequestHandler(CompleteRequestSchema, ({ params }) => content.complete(params.argument.value));
  return server;
}

/** Events of one session, so that a stream can be taken up again after the last one that arrived. */
class Events {
  #kept = [];

  async storeEvent(stream, message) {
    const id = `${this.#kept.length + 1}-${randomUUID()}`;
    this.#kept.push({ id, stream, message });
    return id;
  }

  async getStreamIdForEventId(id) {
    return this.#kept.find((each) => each.id === id)?.stream;
  }

  async replayEventsAfter(last, { send }) {
    const from = this.#kept.findIndex((each) => each.id === last);
    const stream = this.#kept[from]?.stream ?? "";
    const isMessage = ({ message }) => "jsonrpc" in message;
    for (const each of this.#kept.slice(from + 1).filter((kept) => kept.stream === stream && isMessage(kept))) {
      await send(each.id, each.message);
    }
    return stream;
  }
}

/** The sessions of the HTTP endpoint. */
export function legacySessions() {
  const sessions = new Map();

  const open = async () => {
    const server = legacyServer();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: new Events(),
      retryInterval: RETRY_MS,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    transport.onclose = () => sessions.delete(transport.sessionId);
    await server.connect(transport);
    return transport;
  };

  return {
    async handle(request, response, body) {
      const id = request.headers["mcp-session-id"];
      const first = Array.isArray(body) ? body[0] : body;
      let transport = id === undefined ? undefined : sessions.get(id);
      if (!transport && id === undefined && first?.method === "initialize") transport = await open();
      if (transport) return transport.handleRequest(request, response, body);
      const [status, code, message] =
        id === undefined ? [400, -32000, "Mcp-Session-Id is missing"] : [404, -32001, "Session not found"];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id: first?.id ?? null, error: { code, message } }));
    },
    async close() {
      await Promise.all([...sessions.values()].map((transport) => transport.close()));
    },
  };
}
