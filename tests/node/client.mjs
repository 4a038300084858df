// An agent made of the official TypeScript client. It does one tour (a module of `tours/`) at one server, and prints
// what it saw as one line of JSON: the same tour gives the same line wherever the server is reached.
//
//   node client.mjs '{"tour": "files", "era": "legacy", "reach": {"url": ..., "token": ...}, "given": {...}}'
//
// `reach` is an address with a token, or a command with its arguments; `era` is `legacy`, `auto` or a version, where
// one of the older era is the only one that the client then speaks.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Notebook } from "./notebook.mjs";

const { tour, era, reach, given } = JSON.parse(process.argv[2]);
const notebook = new Notebook(given ?? {});

const isNamed = era !== "legacy" && era !== "auto";
const isOld = isNamed && era < "2026";

function transport() {
  if (reach.command) {
    const { command, args, env } = reach;
    return new StdioClientTransport({ command, args, env: { ...process.env, ...env }, stderr: "inherit" });
  }
  const headers = reach.token ? { Authorization: `Bearer ${reach.token}` } : {};
  return new StreamableHTTPClientTransport(new URL(reach.url), { requestInit: { headers } });
}

const client = new Client(
  { name: "tour", title: "A tour of one server", version: "1.0.0" },
  {
    capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: { form: {}, url: {} } },
    versionNegotiation: { mode: isNamed && !isOld ? { pin: era } : isOld ? "legacy" : era },
    ...(isOld ? { supportedProtocolVersions: [era] } : {}),
  },
);
notebook.listen(client);
try {
  const way = transport();
  await client.connect(way);
  notebook.write("connected", {
    version: client.getNegotiatedProtocolVersion(),
    server: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
  });
  const { visit } = await import(`./tours/${tour}.mjs`);
  await visit(client, notebook, given ?? {});
  if (way.sessionId) await way.terminateSession();
  await client.close();
  process.stdout.write(`${notebook.text()}\n`, () => process.exit(0));
} catch (error) {
  console.error(error, "\nuntil then:", notebook.text(), "\nwaited for:", notebook.awaited);
  process.exit(1);
}
