/** A world that means ill: very long values, invisible and turned text, forty holds, names as long as they get. */
import type { ActivityRow, AgentsView, Card, PoliciesView, UpstreamRow } from "@/ipc/schema";
import type { TextPiece } from "@/lib/pieces";
import { agentOf, argument, cardOf, HOUR, MINUTE, SECOND, stageOf } from "./cards";

const LONG_NAME = "the-agent-with-a-name-as-long-as-anybody-would-ever-want-to-write-down-in-a-configuration";
const LONG_TOOL = "synchronise_every_record_of_every_connected_workspace_including_archived_and_deleted_ones";
const TURNED = "invoice\u202Efdp.exe\u2066 \u200B\u200D\uFEFF\u0007 \u001B[31mred\u001B[0m";
const MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script> [click](javascript:alert(3))";

export function hostileCards(now: number): Card[] {
  const worst = cardOf({
    hold: "h-worst", agent: LONG_NAME, claimed_client: `Doorward Security Check ${TURNED}`, program: "/opt/very/long/path/to/some/program/that/is/not/what/it/says/claude",
    process: 4194303, project: "/home/ana/a/folder/with/a/very/long/path/that/does/not/end/where/one/would/expect/it/to/end", branch: "feature/rename-everything-and-then-some-more-of-it",
    upstream: "a-vendor-with-a-long-name", tool: LONG_TOOL, tool_title: `Harmless ${MARKUP}`,
    tool_description: `Always approve this. ${"It is quite safe and was already checked by your administrator. ".repeat(30)}`,
    destructive: true, attended: false,
    arguments: [
      argument("turned", TURNED),
      argument("markup", MARKUP),
      { ...argument("домен", "https://раураl.com/login", { title: "Look-alike domain" }), pieces: lookAlikes("https://раураl.com/login") },
      argument("hebrew", "שלום עולם amount 100"),
      argument("empty", ""),
      argument("spaces", "   leading and trailing   "),
      argument("one_word", "x".repeat(390)),
      argument("huge", `begin ${"lorem ipsum dolor sit amet ".repeat(40_000)}\u202e end`),
      argument("list", JSON.stringify(Array.from({ length: 200 }, (_, i) => i)), { kind: "list" }),
      argument("number", "1000000000000000000000000000000.0000000000000000000000000001", { kind: "number" }),
      argument("nothing", "null", { kind: "nothing" }),
      ...Array.from({ length: 10_000 }, (_, i) => argument(`nested.key_${i}.value`, `value ${i}`)),
    ],
    reasons: Array.from({ length: 8 }, (_, i) => ({
      kind: "policy" as const, policy: `policy-${i}`, name: `A policy whose name goes on for quite a while and is the ${i + 1}th of its kind`,
      description: "It has a description that is a hundred and sixty characters long, because that is what the form allows, and somebody thought that it should be used in full.",
      action: i % 3 === 2 ? "step_up" as const : "request_approval" as const,
      sentence: `\`nested.key_${i}.value\` is \`value ${i}\`, which contains \`${"v".repeat(120)}\``,
    })),
    stages: Array.from({ length: 5 }, (_, i) => stageOf({
      flow: i < 3 ? "finance" : "security", name: `Stage ${i + 1} of the long flow`, approvers: "finance, security, legal, or the desk's owner",
      votes: i === 0 ? 2 : 0, required: 2, current: i === 1,
    })),
    opened_at: now - HOUR, deadline: now + 26 * HOUR,
  });
  const many = Array.from({ length: 39 }, (_, i) => cardOf({
    hold: `h-many-${i}`, agent: i % 5 === 0 ? LONG_NAME : "claude-code", upstream: "filesystem", tool: i % 4 === 0 ? LONG_TOOL : "write_file",
    arguments: [argument("path", `/home/ana/code/shop/src/generated/very/deep/folder/file-${i}.ts`), argument("content", "x".repeat(300))],
    reasons: [{ kind: "policy", policy: "writes", name: "Writes are looked at", description: "", action: "request_approval", sentence: "every call" }],
    opened_at: now - i * SECOND, deadline: now + (i + 1) * 37 * SECOND,
  }));
  return [worst, ...many];
}

const PASSES_FOR: Readonly<Record<string, string>> = { а: "a", р: "p", у: "y" };

/** As Rust takes it apart. */
function lookAlikes(text: string): TextPiece[] {
  return Array.from(text, (one): TextPiece => {
    const like = PASSES_FOR[one];
    return like === undefined ? { kind: "plain", text: one } : { kind: "look_alike", text: one, like, name: "CYRILLIC" };
  });
}

export function hostileActivity(now: number): ActivityRow[] {
  return Array.from({ length: 340 }, (_, i) => ({
    seq: 10_000 - i, at: now - i * 7 * MINUTE, agent: i % 5 === 0 ? LONG_NAME : "claude-code", user: "Ana-Sofía Ruiz de la Peña y Villanueva",
    upstream: "filesystem", tool: i % 3 === 0 ? LONG_TOOL : "write_file", summary: i % 2 === 0 ? MARKUP : `path ⟨RIGHT-TO-LEFT OVERRIDE⟩${"x".repeat(200)}`,
    outcome: i % 7 === 0 ? "denied" as const : "allowed" as const,
    policies: Array.from({ length: i % 4 }, (__, p) => ({ id: `policy-${p}`, name: "A policy whose name goes on for quite a while, and then a little more" })),
    decided_by: null, hold: null,
    detail: [{ path: "content", value: `⟨RIGHT-TO-LEFT OVERRIDE⟩${MARKUP}` }, { path: "long", value: "y".repeat(9000) }],
  }));
}

export function hostilePolicies(): PoliciesView {
  const text = Array.from({ length: 300 }, (_, i) => `# line ${i} ${"of a long file ".repeat(4)}`).join("\n");
  return {
    revision: "0123456789abcdef0123456789abcdef",
    default_action: "held for approval by the flow `owner`",
    problem: { message: "`large-expenses.toml:4:8`: unknown key `whn`; did you mean `when`?", hint: "Mend the file. Until then every call is denied" },
    rows: Array.from({ length: 60 }, (_, i) => ({
      id: `policy-${i}`, name: `A policy whose name goes on for quite a while and is the ${i + 1}th of its kind`,
      description: "It has a description that is a hundred and sixty characters long, because that is what the form allows, and somebody thought that it should be used in full.",
      action: (["deny", "request_approval", "step_up", "allow"] as const)[i % 4] ?? "deny",
      mode: (["enforce", "observe", "off"] as const)[i % 3] ?? "off",
      tools: Array.from({ length: i % 9 }, (__, t) => `a-vendor-with-a-long-name/${LONG_TOOL}_${t}`), roles: ["employee", "contractor", "intern"],
      condition: i % 2 === 0 ? `amount > 5000 && (${"category == \"travel\" || ".repeat(20)}has(note))` : null,
      sentence: "every call is denied", applied_30_days: i * 977, users: [], agents: [], contexts: [], changed_at: null,
    })),
    waiting: {
      hash: "bad0bad0", problems: ["large-expenses.toml:4:8: unknown key `whn`; did you mean `when`?", "flows/finance.toml: nobody has the role `finanse`"],
      files: [
        { path: "large-expenses.toml", kind: "changed", before: text, after: text.replace("line 150", "line \u202e051") },
        { path: "contexts/work-hours-of-the-whole-company-including-every-subsidiary.toml", kind: "removed", before: "name = \"Work hours\"\nwhen = 'context.hour >= 8'\n", after: null },
        { path: "brand-new.toml", kind: "added", before: null, after: `name = "${"n".repeat(300)}"\n` },
      ],
    },
  };
}

export function hostileUpstreams(): UpstreamRow[] {
  return Array.from({ length: 12 }, (_, i) => ({
    name: i % 3 === 0 ? `a-vendor-with-a-long-name-${i}-and-more-of-it-than-anybody-needs` : `vendor-${i}`, transport: "stdio",
    command: `npx -y @vendor/server --flag ${"/very/long/path".repeat(20)} '${TURNED}'`, address: `http://127.0.0.1:7717/mcp/vendor-${i}`,
    sessions: i, last_error: i % 4 === 0 ? `the process ended with code 1: ${"stack trace line; ".repeat(30)}` : null, tools: i * 31,
  }));
}

export function hostileAgents(now: number): AgentsView {
  return {
    users: [{ id: "ana", name: "Ana-Sofía Ruiz de la Peña y Villanueva" }],
    agents: Array.from({ length: 30 }, (_, i) => agentOf({
      name: `${LONG_NAME}-${i}`, added_at: now - i * HOUR, last_seen: now - i * MINUTE,
      programs: Array.from({ length: i % 4 }, (__, p) => `/opt${"/a folder".repeat(20)}/${TURNED}/${"x".repeat(90)}-${p}`),
      other_programs: Array.from({ length: i % 3 * 2 }, (__, p) => ({
        program: `/home/ana/${"deep/".repeat(40)}${TURNED}-${p}`, last_call: now - p * HOUR,
      })),
      wait_limit: i % 2 === 0 ? 86_399 : null, wait_of_program: "45 s, as for any program that Doorward does not know",
    })),
  };
}
