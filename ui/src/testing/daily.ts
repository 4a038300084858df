/** A world in daily use. */
import type { ActivityOutcome, ActivityRow, AgentsView, Card, PoliciesView, UpstreamRow } from "@/ipc/schema";
import { agentOf, argument, cardOf, stageOf, HOUR, MINUTE, SECOND } from "./cards";

const CLAUDE = "/home/ana/.local/share/claude/versions/2.4.1/bin/claude";
const NEW_CLAUDE = "/home/ana/.local/share/claude/versions/2.5.0/bin/claude";

const LETTER = `Dear Sir or Madam,

please find attached the settlement for the third quarter. The positions in detail:

${Array.from({ length: 60 }, (_, i) => `${i + 1}. Delivery 2026-${String(1100 + i)}, checked by receiving, accepted without remarks.`).join("\n")}

With kind regards`;

export function dailyCards(now: number): Card[] {
  return [
    cardOf({
      hold: "h-7m3kq2xw5a4nzr6tbc2d", agent: "claude-code", claimed_client: "claude-code 2.4.1", program: "claude", process: 4312,
      project: "~/code/shop", branch: "main", upstream: "expenses", tool: "create_expense", tool_title: "Create expense",
      tool_description: "Files an expense for reimbursement.",
      arguments: [
        { ...argument("amount", "7250.00", { kind: "number", title: "Amount" }), unit: "EUR" },
        argument("currency", "EUR"),
        argument("payee", "Nordwind\u200b GmbH"),
        argument("reference", "Invoice 2026-1184"),
        argument("memo", LETTER),
        argument("approved_before", "false", { kind: "true/false" }),
      ],
      reasons: [
        {
          kind: "policy", policy: "large-expenses", name: "Large expenses need finance", description: "Above 5,000 someone looks first.",
          action: "request_approval", sentence: "`amount` is `7250.00`, greater than `5000`, and `user.role` is `employee`, not `finance`",
        },
        {
          kind: "policy", policy: "new-payee", name: "A payee that was never paid before", description: "", action: "request_approval",
          sentence: "`payee` is not in the list of known payees",
        },
      ],
      last_approved: {
        at: now - 3 * HOUR, by: "Ana Ruiz, on a notification", agent: null,
        changes: [
          { argument: 0, kind: "changed", was: argument("amount", "6800.00", { kind: "number" }) },
          { argument: 3, kind: "new", was: null },
          { argument: 4, kind: "changed", was: argument("memo", LETTER.replace("third", "second").replace("7. Delivery", "7. Return")) },
        ],
        gone: [argument("category", "travel")],
      },
      opened_at: now - 139 * SECOND, deadline: now + 761 * SECOND,
    }),
    cardOf({
      hold: "h-2c6vtr4pq7xj5ms3ka6e", agent: "cursor", program: "cursor", process: 2210, project: "~/code/crm", branch: "cleanup-1",
      upstream: "practice", tool: "delete_customer", tool_title: "Delete customer", destructive: true,
      tool_description: "Deletes one customer and everything kept of them.",
      arguments: [argument("customer_id", "c-88231", { title: "Customer" })],
      reasons: [{
        kind: "policy", policy: "delete-customer", name: "Deleting a customer needs a look", description: "What is deleted cannot be brought back.",
        action: "request_approval", sentence: "every call of `practice/delete_customer`",
      }],
      opened_at: now - 58 * SECOND, deadline: now + 842 * SECOND,
    }),
    cardOf({
      hold: "h-5n2bqa7wd3kz6xp4vt2r", agent: "codex", program: "codex", process: 5177, project: "~/code/shop", branch: "main",
      upstream: "filesystem", tool: "write_file", tool_title: "Write file", destructive: true, attended: false,
      arguments: [
        argument("path", "/home/ana/code/shop/src/checkout/total.ts"),
        argument("content", "export function total(items: readonly Item[]): Money {\n  return items.reduce((sum, item) => sum.plus(item.price), Money.zero);\n}\n"),
      ],
      reasons: [{
        kind: "policy", policy: "writes-in-shop", name: "Writes in the shop are looked at", description: "Only on the main branch.",
        action: "request_approval", sentence: "`path` is within `/home/ana/code/shop` and `context.branch` is `main`",
      }],
      stages: [
        stageOf({ flow: "shop", name: "Shop", approvers: "maintainers or ben", votes: 1, voters: ["Ben Okafor"], required: 2, current: true, escalated: true, extended: true }),
        stageOf({ flow: "shop", name: "Shop", approvers: "release", exclude_requester: true, step_up: true }),
      ],
      votes: [{ by: "Ben Okafor", approves: true, means: "at the terminal", at: now - 90 * SECOND }],
      opened_at: now - 330 * SECOND, deadline: now + 570 * SECOND,
    }),
    cardOf({
      hold: "h-4k7xwz2mq5tb6cn3rd5a", agent: "claude-code", program: NEW_CLAUDE, process: 9021, project: "~/code/shop", branch: "main",
      upstream: "expenses", tool: "list_reports",
      arguments: [],
      reasons: [{
        kind: "other_program", policy: "program", name: "Another program", action: "request_approval",
        description: "Its calls wait until it is accepted under Agents. This one needs your answer all the same.",
        sentence: `\`${NEW_CLAUDE}\` asks in the name of claude-code, which is paired with \`${CLAUDE}\``,
      }, {
        kind: "policy", policy: "night", name: "Nothing runs unseen at night", description: "", action: "request_approval",
        sentence: "`context.hour` is `23`, not between `7` and `21`",
      }],
      opened_at: now - 605 * SECOND, deadline: now + 48 * SECOND,
    }),
  ];
}

type Line = [minutesAgo: number, agent: string, upstream: string, tool: string, summary: string, outcome: ActivityOutcome, by?: string];

const LINES: readonly Line[] = [
  [1, "codex", "filesystem", "write_file", "path /home/ana/code/shop/src/checkout/total.ts, content export function total(items…", "waiting"],
  [2, "claude-code", "expenses", "list_expenses", "no arguments", "allowed"],
  [3, "claude-code", "practice", "delete_customer", "customer_id c-88230", "approved", "Ana Ruiz, in the window"],
  [8, "claude-code", "expenses", "create_expense", "amount 640.00, currency EUR, category travel", "approved", "Ana Ruiz, by notification"],
  [12, "cursor", "practice", "send_payment", "amount 90, to Tilde Ltd", "denied"],
  [31, "codex", "filesystem", "read_text_file", "path /home/ana/code/shop/README.md", "allowed"],
  [44, "claude-code", "expenses", "create_expense", "amount 9400, currency USD, category hardware", "rejected", "Ana Ruiz, in the window"],
  [71, "cursor", "practice", "delete_customer", "customer_id c-88119", "expired"],
  [95, "claude-code", "crm", "merge_accounts", "from 4411, into 4410", "running"],
  [120, "codex", "filesystem", "move_file", "source a.ts, destination b.ts", "failed"],
  [1510, "codex", "filesystem", "write_file", "path /home/ana/code/shop/src/index.ts, content …", "uncollected", "Ana Ruiz, in the window"],
  [1522, "cursor", "practice", "delete_customer", "customer_id c-88001", "refused"],
  [1601, "claude-code", "crm", "merge_accounts", "from 4402, into 4401", "unknown", "Ana Ruiz, in the window"],
  [1688, "old-script", "crm", "export_all", "format csv", "withdrawn"],
];

const POLICY_OF: Partial<Record<ActivityOutcome, { id: string; name: string }>> = {
  denied: { id: "no-payments", name: "Payments only with a passkey" },
  approved: { id: "large-expenses", name: "Large expenses need finance" },
  rejected: { id: "large-expenses", name: "Large expenses need finance" },
  waiting: { id: "writes-in-shop", name: "Writes in the shop are looked at" },
  expired: { id: "delete-customer", name: "Deleting a customer needs a look" },
};

export function dailyActivity(now: number): ActivityRow[] {
  return LINES.map(([minutes, agent, upstream, tool, summary, outcome, by], index) => {
    const policy = POLICY_OF[outcome];
    return {
      seq: 900 - index * 3, at: now - minutes * MINUTE, agent, user: "Ana Ruiz", upstream, tool, summary, outcome,
      policies: policy === undefined ? [] : [policy],
      decided_by: by ?? null,
      hold: outcome === "waiting" ? "h-5n2bqa7wd3kz6xp4vt2r" : null,
      detail: summary === "no arguments"
        ? []
        : summary.split(", ").map((part) => {
          const [path = "", ...value] = part.split(" ");
          return { path, value: value.join(" ") };
        }),
    };
  });
}

const CONDITION = "amount > 5000 && user.role != \"finance\"";

export function dailyPolicies(): PoliciesView {
  return {
    revision: "5f2c9a71d04b",
    default_action: "allowed",
    problem: null,
    rows: [
      {
        id: "large-expenses", name: "Large expenses need finance", description: "Above 5,000 someone looks first.",
        action: "request_approval", mode: "enforce", tools: ["expenses/create_expense"], roles: ["employee"], condition: CONDITION,
        sentence: "Ask the desk's owner before create_expense on expenses for anyone in role employee when amount is greater than 5000 and user.role is not finance.", applied_30_days: 12, users: [], agents: [], contexts: [], changed_at: new Date(2026, 10, 18, 9, 30).getTime(),
      },
      {
        id: "delete-customer", name: "Deleting a customer needs a look", description: "What is deleted cannot be brought back.",
        action: "request_approval", mode: "enforce", tools: ["practice/delete_customer", "crm/delete_*"], roles: [], condition: null,
        sentence: "Ask the desk's owner before delete_customer on practice and delete_* on crm.", applied_30_days: 3, users: [], agents: [], contexts: [], changed_at: null,
      },
      {
        id: "payments", name: "Payments only with a passkey", description: "Money that left does not come back.",
        action: "step_up", mode: "enforce", tools: ["practice/send_payment"], roles: [], condition: null,
        sentence: "Ask for a passkey before send_payment on practice.", applied_30_days: 1, users: [], agents: [], contexts: [], changed_at: null,
      },
      {
        id: "absurd-expenses", name: "No expense above 50,000", description: "Nobody files those through an agent.",
        action: "deny", mode: "enforce", tools: ["expenses/create_expense"], roles: [], condition: "amount > 50000",
        sentence: "Deny create_expense on expenses when amount is greater than 50000.", applied_30_days: 0, users: [], agents: [], contexts: [], changed_at: new Date(2026, 9, 2, 16).getTime(),
      },
      {
        id: "writes-in-shop", name: "Writes in the shop are looked at", description: "Only on the main branch.",
        action: "request_approval", mode: "observe", tools: ["filesystem/write_*", "filesystem/move_file"], roles: [],
        condition: "path.within(\"/home/ana/code/shop\") && context.branch == \"main\"",
        sentence: "Ask the desk's owner before write_* and move_file on filesystem when path is within /home/ana/code/shop and context.branch is main.", applied_30_days: 1204, users: [], agents: [], contexts: [], changed_at: null,
      },
      {
        id: "read-anything", name: "Reading is fine", description: "Tools that say they only read.",
        action: "allow", mode: "off", tools: ["filesystem/read_*", "filesystem/list_*"], roles: [], condition: "tool.read_only == true",
        sentence: "Allow read_* and list_* on filesystem when tool.read_only is true.", applied_30_days: 0, users: [], agents: [], contexts: [], changed_at: null,
      },
    ],
    waiting: {
      hash: "c0ffee00",
      problems: [],
      files: [
        {
          path: "large-expenses.toml", kind: "changed",
          before: `name = "Large expenses need finance"\ndescription = "Above 5,000 someone looks first."\nmode = "enforce"\nwhen = '${CONDITION}'\n\n[target]\ntools = ["expenses/create_expense"]\nroles = ["employee"]\n\n[action]\nkind = "request_approval"\nflow = "owner"\n`,
          after: "name = \"Large expenses need finance\"\ndescription = \"Above 9,000 someone looks first.\"\nmode = \"enforce\"\nwhen = 'amount > 9000 && user.role != \"finance\"'\n\n[target]\ntools = [\"expenses/create_expense\"]\nroles = [\"employee\"]\n\n[action]\nkind = \"request_approval\"\nflow = \"owner\"\n",
        },
      ],
    },
  };
}

export function dailyUpstreams(): UpstreamRow[] {
  return [
    {
      name: "practice", transport: "stdio", command: "doorward practice --db /home/ana/.local/share/doorward/practice.sqlite",
      address: "http://127.0.0.1:7717/mcp/practice", sessions: 2, last_error: null, tools: 4,
    },
    {
      name: "filesystem", transport: "stdio", command: "npx -y @modelcontextprotocol/server-filesystem /home/ana/code/shop '/home/ana/My Notes'",
      address: "http://127.0.0.1:7717/mcp/filesystem", sessions: 1, last_error: null, tools: 14,
    },
    {
      name: "crm", transport: "http", command: "https://mcp.crm.example/mcp", address: "http://127.0.0.1:7717/mcp/crm", sessions: 0,
      last_error: "the connection was refused", tools: null,
    },
  ];
}

export function dailyAgents(now: number): AgentsView {
  return {
    users: [{ id: "ana", name: "Ana Ruiz" }, { id: "ben", name: "Ben Okafor" }],
    agents: [
      agentOf({
        name: "claude-code", added_at: now - 40 * 24 * HOUR, last_seen: now - 20 * SECOND, programs: [CLAUDE],
        other_programs: [{ program: NEW_CLAUDE, last_call: now - 2 * MINUTE - 5 * SECOND }],
        wait_of_program: "25 min, or 4 min 40 s for a call without progress",
      }),
      agentOf({
        name: "codex", added_at: now - 12 * 24 * HOUR, last_seen: now - 6 * MINUTE,
        programs: ["/usr/local/bin/codex", "/home/ana/.local/share/fnm/node-versions/v22.11.0/installation/bin/node"],
        wait_limit: 600, wait_of_program: "4 min 40 s",
      }),
      agentOf({ name: "cursor", user: "ben", added_at: now - 3 * 24 * HOUR, last_seen: now - 26 * HOUR, programs: ["/opt/cursor/cursor"] }),
      agentOf({ name: "practice", added_at: now - 40 * 24 * HOUR }),
    ],
  };
}
