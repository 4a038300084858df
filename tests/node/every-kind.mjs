// An MCP upstream over standard input and output, without any library, whose one tool has a parameter of every kind that
// a schema can name. It answers every call, and does nothing.
import { createInterface } from "node:readline";

const properties = {
  amount: { type: "number", description: "Gross, in EUR" },
  count: { type: "integer", minimum: 1, maximum: 99 },
  note: { type: "string", title: "A note", description: "What it is for." },
  file: { type: "string", description: "Path of the file." },
  currency: { enum: ["EUR", "USD", "GBP"] },
  urgent: { type: "boolean" },
  due: { type: "string", format: "date-time" },
  tags: { type: "array", items: { type: "string" } },
  lines: { type: "array", items: { type: "object", properties: { price: { type: "number" }, sold: { type: "boolean" } } } },
  anything: {},
  nested: { type: "object", properties: { "odd key": { type: "string" }, level: { type: "integer" } } },
};
const tools = [{
  name: "everything",
  title: "Everything",
  description: "Takes a parameter of every kind.",
  inputSchema: { type: "object", properties, required: ["amount"] },
}];
const answers = {
  initialize: () => ({
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "every-kind", version: "1.0.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({ tools }),
  "tools/call": () => ({ content: [{ type: "text", text: "done" }] }),
};

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined || method === undefined) return;
  const answer = answers[method];
  if (answer) say({ id, result: answer(params ?? {}) });
  else say({ id, error: { code: -32601, message: "Method not found" } });
});
