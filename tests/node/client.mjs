// An agent made of the official TypeScript client. It does one tour (a module of `tours/`) at one server, and prints
// what it saw as one line of JSON: the same tour gives the same line wherever the server is reached.
//
//   node client.mjs '{"tour": "files", "era": "legacy", "reach": {"url": ..., "token": ...}, "given": {...}}'
//
// `reach` is an address with a token, or a command with its arguments; `era` is `legacy`, `auto` or a version.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Notebook } from "./notebook.mjs";

const { tour, era, reach, given } = JSON.parse(process.argv[2]);
const notebook = new Notebook(given ?? {});

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
    versionNegotiation: { mode: era === "legacy" || era === "auto" ? era : { pin: era } },
  },
);
notebook.listen(client);
try {
  await client.connect(transport());
  notebook.write("connected", {
    version: client.getNegotiatedProtocolVersion(),
    server: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
  });
  const { visit } = await import(`./tours/${tour}.mjs`);
  await visit(client, notebook, given ?? {});
  await client.close();
  process.stdout.write(`${notebook.text()}\n`, () => process.exit(0));
} catch (error) {
  console.error(error, "\nuntil then:", notebook.text(), "\nwaited for:", notebook.awaited);
  process.exit(1);
}
