// An MCP upstream over standard input and output, without any library: it writes every call it gets into the file
// named by its first argument, and falls over, babbles or answers as the tool's name says.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const record = process.argv[2];
const tools = ["answer", "exit", "babble"].map((name) => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: "object", properties: { note: { type: "string" } } },
}));
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

const answers = {
  initialize: () => ({
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "fragile", version: "1.0.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({ tools }),
  "tools/call": ({ name }) => {
    appendFileSync(record, `${name}\n`);
    if (name === "exit") process.exit(3);
    if (name === "babble") process.stdout.write("this is not JSON\n");
    return { content: [{ type: "text", text: `${name} ran` }] };
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined || method === undefined) return;
  const answer = answers[method];
  if (answer) say({ id, result: answer(params ?? {}) });
  else say({ id, error: { code: -32601, message: "Method not found" } });
});
