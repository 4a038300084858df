// A client on the official SDK that does what the suites' client scenarios ask for. The suite runs the server, and
// starts this with the server's address:
//
//   node client.mjs URL
//
// With DOORWARD_FORWARD, DOORWARD_PROGRAM and DOORWARD_HOME set, it does the same through a gateway: it adds the
// server to that home's running gateway, and speaks to the forwarding helper in front of it.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { Client, StreamableHTTPClientTransport, fromJsonSchema } from "@modelcontextprotocol/client";

const MODERN = "2026-07-28";
const ANYTHING = fromJsonSchema({ type: "object" });
const { env } = process;
const scenario = env.MCP_CONFORMANCE_SCENARIO;
const context = JSON.parse(env.MCP_CONFORMANCE_CONTEXT ?? "{}");
const isModern = env.MCP_CONFORMANCE_PROTOCOL_VERSION === MODERN;

const call = (client, name, values = {}) => client.callTool({ name, arguments: values });
const isFine = ({ digest, size }, bytes) =>
  bytes.length === size && digest === `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A skill's files are read one after the other, each only while all before it were what was listed. */
async function readSkill(client, { uri, frontmatter, resources }) {
  for (const file of resources) {
    const { contents } = await client.readResource({ uri: file.uri });
    const text = contents[0].text;
    if (!isFine(file, Buffer.from(text))) throw new Error(`${file.uri} is not the file that was listed`);
    const says = ([key, value]) => text.split("\n").includes(`${key}: ${value}`);
    if (file.uri === uri && !Object.entries(frontmatter).every(says)) {
      throw new Error(`${uri} does not say what was listed`);
    }
  }
}

const listSkills = (client) => client.request({ method: "skills/list", params: {} }, ANYTHING);
const loadSkills = async (client) => {
  for (const skill of (await listSkills(client)).skills) await readSkill(client, skill);
};

const DEEDS = {
  initialize: (client) => client.listTools(),
  tools_call: async (client) => {
    await client.listTools();
    await call(client, "add_numbers", { a: 5, b: 3 });
  },
  "elicitation-sep1034-client-defaults": async (client) => {
    await client.listTools();
    await call(client, "test_client_elicitation_defaults");
  },
  "sse-retry": async (client) => {
    await client.listTools();
    await call(client, "test_reconnection");
  },
  "request-metadata": (client) => client.listTools(),
  "sep-2322-client-request-state": async (client) => {
    await client.listTools();
    for (const name of ["echo_state", "unrelated", "no_state"]) await call(client, `test_mrtr_${name}`);
    // The SDK refuses an answer without its type; the scenario looks only at what the client does about it.
    await call(client, "test_mrtr_no_result_type").catch(() => {});
  },
  "http-standard-headers": async (client) => {
    const { tools } = await client.listTools();
    for (const { name } of tools) await call(client, name);
    const { resources } = await client.listResources();
    for (const { uri } of resources) await client.readResource({ uri });
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts) await client.getPrompt({ name });
  },
  "http-custom-headers": async (client) => {
    await client.listTools();
    for (const { name, arguments: values } of context.toolCalls) await call(client, name, values);
  },
  "http-invalid-tool-headers": async (client) => {
    // The SDK leaves out of the list what is not valid.
    const { tools } = await client.listTools();
    for (const { name, inputSchema } of tools) {
      const values = Object.keys(inputSchema.properties).map((key) => [key, "value"]);
      await call(client, name, Object.fromEntries(values));
    }
  },
  "json-schema-ref-no-deref": (client) => client.listTools(),
  "json-schema-2020-12-preservation": async (client) => {
    const { tools } = await client.listTools();
    const { inputSchema } = tools.find(({ name }) => name === "json_schema_2020_12_tool");
    await call(client, "json_schema_echo", { schema: inputSchema });
  },
  "sep-2640-client-no-prefetch": listSkills,
  "sep-2640-client-verify-digest": loadSkills,
  "sep-2640-client-verify-size": loadSkills,
  "sep-2640-client-verify-frontmatter": loadSkills,
};

/** The address to speak to, and what to do at the end. */
function way(url) {
  const { DOORWARD_FORWARD, DOORWARD_PROGRAM, DOORWARD_HOME } = env;
  if (!DOORWARD_FORWARD) return { address: url, close: () => {} };
  const doorward = (...words) =>
    execFileSync(DOORWARD_PROGRAM, ["--home", DOORWARD_HOME, ...words], { stdio: ["ignore", "ignore", "inherit"] });
  const name = `client-${process.pid}`;
  doorward("upstream", "add", name, "--url", url);
  return { address: `${DOORWARD_FORWARD}/mcp/${name}`, close: () => doorward("upstream", "remove", name) };
}

const client = new Client(
  { name: "doorward-conformance-client", version: "0.1.0" },
  {
    capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: { listChanged: true } },
    versionNegotiation: { mode: isModern ? "auto" : "legacy" },
  },
);
client.setRequestHandler("elicitation/create", ({ params }) => {
  const asksForConsent = "confirmed" in (params.requestedSchema?.properties ?? {});
  return { action: "accept", content: asksForConsent ? { confirmed: true } : {} };
});

const { address, close } = way(process.argv[2]);
try {
  await client.connect(new StreamableHTTPClientTransport(new URL(address)));
  await DEEDS[scenario](client);
} finally {
  await client.close().catch(() => {});
  close();
}
