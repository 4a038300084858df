/**
 * Authoring without Rust behind it: fixed answers for a small catalogue. Conditions are printed and told in a plain way,
 * only so that screens have something to show; nothing is judged.
 */
import type {
  AttributeChoice, BacktestView, Catalogue, Draft, DraftView, FindingView, FlowDraft, FlowDraftView, FlowRow, IpcSchema,
  OperatorChoice, TreeNode, TreeRow, ValueKind,
} from "@/ipc/schema";
import type { World } from "./scenarios";

const operator = (id: string, label: string, takes: OperatorChoice["takes"], kinds: ValueKind[], more: Partial<OperatorChoice> = {}): OperatorChoice => ({
  id, label, operator: id, negated: false, each_all: false, each_negated: false, takes, kinds, ignores_case: false, ...more,
});

const PRESENCE = [operator("is_present", "is given", "nothing", []), operator("is_missing", "is missing", "nothing", [])];
const NUMBERS = [
  operator("greater", "is greater than", "one", ["number"]), operator("less", "is less than", "one", ["number"]),
  operator("between", "is between", "two", ["number"]), operator("in_list", "is one of", "many", ["number"]), ...PRESENCE,
];
const TEXTS = [
  operator("equals", "is", "one", ["text"], { ignores_case: true }), operator("not_equals", "is not", "one", ["text"], { ignores_case: true }),
  operator("in_list", "is one of", "many", ["text"], { ignores_case: true }), operator("not_in_list", "is none of", "many", ["text"]),
  operator("contains", "contains", "one", ["text"], { ignores_case: true }), operator("starts_with", "starts with", "one", ["text"]),
  operator("matches", "matches pattern", "one", ["text"]), ...PRESENCE,
];

const attribute = (id: string, more: Partial<AttributeChoice>): AttributeChoice => ({
  id, attribute: id.replace(/^args\./, ""), part: null, group: "Parameters", label: id.replace(/^args\./, ""), description: null, kind: "text",
  unit: null, notes: [], values: [], closed: false, editor: "text", operators: TEXTS, ...more,
});

const EXPENSE: AttributeChoice[] = [
  attribute("args.amount", { kind: "number", description: "Amount. Gross, in the currency given.", unit: "EUR", notes: ["seen 12 to 9400", "required"], values: ["7250.00", "640.00"], editor: "number", operators: NUMBERS }),
  attribute("args.currency", { kind: "one of 3", values: ["EUR", "USD", "GBP"], closed: true, notes: ["required"] }),
  attribute("args.category", { kind: "one of 6", values: ["travel", "hardware", "software", "meals", "training", "other"], closed: true, notes: ["seen travel", "optional"] }),
  attribute("args.payee", { description: "Who is paid.", notes: ["seen Nordwind GmbH", "required"], values: ["Nordwind GmbH"] }),
  attribute("args.paid_at", { kind: "date-time", editor: "time", notes: ["optional"], operators: [operator("before", "is before", "one", ["time"]), operator("after", "is after", "one", ["time"]), ...PRESENCE] }),
];
const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const FACTS: AttributeChoice[] = [
  attribute("user.role", { group: "The user", description: "the user's role", values: ["employee", "finance"] }),
  attribute("context.weekday", { group: "When and where", kind: "one of 7", values: WEEKDAYS, closed: true }),
  attribute("context.locked", { group: "When and where", kind: "true or false", editor: "flag", description: "the screen is locked", operators: [operator("equals", "is", "one", ["flag"]), ...PRESENCE] }),
];

export const manyParameters = (): AttributeChoice[] =>
  Array.from({ length: 200 }, (_, index) => attribute(`args.parameter_${index}`, { notes: ["optional"], description: `Parameter ${index} of a wide tool.` }));

const TOOLS: Catalogue["tools"] = [
  { id: "expenses/create_expense", upstream: "expenses", name: "create_expense", title: "Create expense", description: "Files an expense for reimbursement.", claims: [], chosen: false },
  { id: "expenses/list_expenses", upstream: "expenses", name: "list_expenses", title: null, description: "Lists expenses.", claims: ["read-only"], chosen: false },
  { id: "practice/delete_customer", upstream: "practice", name: "delete_customer", title: "Delete customer", description: "Deletes one customer and everything kept of them.", claims: ["destructive"], chosen: false },
];

export function catalogueOf(world: World, wanted: readonly string[]): Catalogue {
  const isEmpty = world.upstreams.length === 0;
  const tools = isEmpty ? [] : TOOLS.map((tool) => ({ ...tool, chosen: wanted.length === 0 || wanted.some((one) => one === tool.id || one === `${tool.upstream}/*` || one === "**") }));
  const chosen = tools.filter((tool) => tool.chosen);
  const parameters = world.wide ? manyParameters() : wanted.length > 0 && chosen.length > 0 ? EXPENSE : [];
  return {
    tools, matched: chosen.length, attributes: [...parameters, ...FACTS],
    users: world.agents.users.map(({ id, name }) => ({ id, name, words: "employee" })),
    roles: isEmpty ? [] : [{ id: "employee", name: "employee", words: "4 people" }, { id: "finance", name: "finance", words: "3 people" }],
    agents: world.agents.agents.map(({ name, user }) => ({ id: name, name, words: `acts for ${user}` })),
    contexts: isEmpty ? [] : [{ id: "work-hours", name: "Work hours", words: "the hour is between 8 and 18" }],
    flows: world.flows.map(({ id, name, sentence }) => ({ id, name, words: sentence })),
    problems: [],
  };
}

const SIGNS: Readonly<Record<string, string>> = { equals: "==", not_equals: "!=", greater: ">", less: "<", before: "<", after: ">" };

function printed(node: TreeNode, inside = false): string {
  if (node.kind === "free") return node.negated ? `!(${node.text})` : node.text;
  if (node.kind === "group") {
    const text = node.parts.map((part) => printed(part, true)).join(node.joined === "all" ? " && " : " || ");
    const whole = node.negated ? `!(${text})` : inside && node.parts.length > 1 ? `(${text})` : text;
    return node.parts.length === 0 ? "" : whole;
  }
  const values = node.values.map(({ kind, text }) => kind === "text" ? JSON.stringify(text) : kind === "time" ? `timestamp("${text}")` : text);
  if (node.operator === "is_present") return `has(${node.attribute})`;
  if (node.operator === "is_missing") return `!has(${node.attribute})`;
  if (node.operator === "in_list") return `${node.attribute} in [${values.join(", ")}]`;
  if (node.operator === "between") return `between(${node.attribute}, ${values.join(", ")})`;
  return SIGNS[node.operator] === undefined ? `${node.attribute}.${node.operator}(${values.join("")})` : `${node.attribute} ${SIGNS[node.operator]} ${values.join("")}`;
}

const row = (attribute: string, operator: string, kind: ValueKind, ...values: string[]): TreeNode => ({
  kind: "row", attribute, each: null, operator, negated: false, ignore_case: false, values: values.map((text) => ({ kind, text })),
});
const all = (...parts: TreeNode[]): TreeNode => ({ kind: "group", joined: "all", negated: false, parts });

/** Conditions whose text this host can read. */
const READABLE: TreeNode[] = [
  all(),
  all(row("amount", "greater", "number", "5000"), row("user.role", "not_equals", "text", "finance")),
  all(
    row("amount", "greater", "number", "5000"), row("user.role", "not_equals", "text", "finance"),
    { kind: "group", joined: "any", negated: false, parts: [row("category", "in_list", "text", "travel", "hardware"), row("context.weekday", "in_list", "text", "saturday", "sunday")] },
  ),
  all(row("amount", "greater", "number", "500")),
];

function leaves(node: TreeNode): Exclude<TreeNode, { kind: "group" }>[] {
  return node.kind === "group" ? node.parts.flatMap(leaves) : [node];
}

const isUnfinished = (node: TreeNode): boolean => node.kind === "free" ? node.text.trim() === "" : node.kind === "row" && rowProblem(node) !== null;

function rowProblem(node: TreeRow): string | null {
  if (["is_present", "is_missing"].includes(node.operator)) return null;
  if (node.values.length === 0 || node.values.some(({ kind, text }) => text === "" && kind !== "text")) return "a value is missing";
  const wrong = node.values.find(({ kind, text }) => kind === "number" && Number.isNaN(Number(text)));
  return wrong === undefined ? null : `\`${wrong.text}\` is not a number`;
}

export function readDraft(world: World, draft: Draft): DraftView {
  const tree = draft.tree ?? READABLE.find((one) => printed(one) === draft.when.trim()) ?? null;
  const rows = tree === null ? [] : leaves(tree);
  const finished = tree !== null && !rows.some(isUnfinished);
  const text = finished ? printed(tree) : null;
  const id = draft.id === "" ? (draft.name.trim() === "" ? "policy" : draft.name.trim().toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "")) : draft.id;
  const file = finished ? `name = ${JSON.stringify(draft.name)}\nmode = "${draft.mode}"\n${text === "" ? "" : `when = '${text ?? ""}'\n`}\n[action]\nkind = "${draft.action.kind}"\n` : null;
  const dodges = rows.findIndex((one) => one.kind === "row" && one.attribute === "category");
  const findings: FindingView[] = dodges < 0 || text === null ? [] : [{
    code: "dodge_by_omission", severity: "warning", sentence: "an agent could leave `category` out, and the policy would not apply", row: dodges,
    from: text.indexOf("category"), to: text.indexOf("category") + "category".length,
    mends: [{ label: "Treat missing as a match", mend: { label: "Treat missing as a match", document: `${id}.toml`, edit: { kind: "text", at: [{ name: "when" }], text: "amount > 500" } } }],
  }];
  const unchanged = draft.base !== null && world.texts[draft.id] === draft.base
    && JSON.stringify(world.drafts[draft.id]) === JSON.stringify({ ...draft, tree: null, when: draft.tree === null ? draft.when : text });
  const can = draft.name.trim() !== "" && finished && !unchanged;
  const verb = { deny: "Deny", request_approval: "Ask the desk's owner before", step_up: "Ask for a passkey before", allow: "Allow" }[draft.action.kind];
  return {
    id, file, text, tree: finished ? tree : draft.tree,
    rows: rows.map((one) => {
      const problem = one.kind === "row" ? rowProblem(one) : one.text.trim() === "" ? "the row is empty" : null;
      return {
        words: problem === null ? printed(one) : null, missing: finished && one.kind === "row" && !one.attribute.startsWith("context") ? "if missing: does not hold" : null,
        problem: problem === null ? null : { message: problem, hint: "fill it in" },
      };
    }),
    sentence: finished && draft.name.trim() !== "" ? `${verb} ${draft.tools.length === 0 ? "any tool" : draft.tools.join(" and ")}${text === "" ? "" : ` when ${text ?? ""}`}.` : null,
    text_problem: tree === null ? { at: draft.when.length, message: "the text ends where a value is expected", hint: "finish the comparison" } : null,
    findings,
    save: {
      can, proof: can ? world.proof : [], effect: unchanged ? "nothing" : draft.base === null ? (draft.action.kind === "allow" ? "loosens" : "tightens") : "changes",
      label: unchanged ? "Saved" : can && world.proof.length > 0 ? "Save, needs your passkey" : draft.base === null ? (draft.action.kind === "allow" ? "Save, loosens" : "Save, tightens") : "Save",
      note: draft.name.trim() === "" ? "Give the policy a name first." : tree === null ? "The text of the condition cannot be read yet."
        : !finished ? "A row of the condition is not finished." : unchanged ? "The file says exactly this." : "Applies from the next call on; calls that wait are judged again.",
    },
  };
}

export function emptyDraft(): Draft {
  return {
    id: "", base: null, name: "", description: "", mode: "enforce", trust_claims: false, tools: [], users: [], roles: [], agents: [], contexts: [],
    action: { kind: "request_approval", flow: "owner", method: null, max_age: null, message: null }, when: "", tree: null,
  };
}

/** In the world with a long record the calls come in twenty parts, as from Rust. */
const PARTS = 20;

export function backtestOf(world: World, draft: Draft, so_far: BacktestView | null = null): BacktestView {
  if (world.long) {
    const part = (so_far?.seen ?? 0) / 5000 + 1;
    const whole = backtestOf({ ...world, long: false }, draft);
    return { ...whole, seen: part * 5000, judged: part * 5000, changed: part * 12, before: part < PARTS ? 100_000 - part * 5000 : null };
  }
  const none = world.activity.length === 0;
  const rows: BacktestView["rows"] = none ? [] : [
    ["6120.00, travel", "claude-code", "Ana Ruiz", 20], ["5400.00, hardware", "cursor", "Ana Ruiz", 18], ["9400.00, hardware", "codex", "Lee Park", 15],
  ].map(([summary, agent, user, day], index) => ({
    seq: 900 - index, at: new Date(2026, 10, Number(day), 10, 12).getTime(), agent: String(agent), user: String(user), tool: "expenses/create_expense",
    summary: String(summary), from: "allow", to: draft.action.kind, words: draft.action.kind === "deny" ? "would be denied" : "would wait for approval",
  }));
  const moves: BacktestView["moves"] = none ? [] : [{ from: "allow", to: draft.action.kind, calls: 12, words: draft.action.kind === "deny" ? "would be denied" : "would wait for approval" }];
  return { seen: none ? 0 : 4210, judged: none ? 0 : 155, changed: none ? 0 : 12, unreadable: 0, moves, rows, sentence: "", before: null, back_to: null };
}

export function flowRows(isEmpty: boolean): FlowRow[] {
  const owner: FlowRow = {
    id: "owner", name: "The owner approves", description: "", sentence: "The owner approves: 1 vote by the desk's owner within 15m.",
    stages: ["1 vote by the desk's owner within 15m"], used_by: [], built_in: true, problems: [], changed_at: null,
  };
  return isEmpty ? [owner] : [
    {
      id: "finance", name: "Finance", description: "Two looks for money that leaves.", sentence: "Finance: 1 vote by role finance within 15m, then 1 vote by ana within 1h.",
      stages: ["1 vote by role finance within 15m", "1 vote by ana within 1h"], used_by: [{ id: "large-expenses", name: "Large expenses need finance", words: "" }],
      built_in: false, problems: [], changed_at: new Date(2026, 10, 18).getTime(),
    },
    owner,
  ];
}

export function flowDraft(world: World, id: string | null): FlowDraft {
  const stage = { from: 0, users: [], roles: ["finance"], required: 1, within: "15m", escalates: true, escalate_users: ["ana"], escalate_roles: [], step_up: null, exclude_requester: true, grants: false };
  if (id !== "finance") return { id: id ?? "", base: null, name: id === null ? "" : world.flows.find((flow) => flow.id === id)?.name ?? "", description: "", stages: [{ ...stage, from: null, roles: [], escalates: false, escalate_users: [], exclude_requester: false }] };
  return {
    id, base: "name = \"Finance\"\n", name: "Finance", description: "Two looks for money that leaves.",
    stages: [stage, { ...stage, from: 1, roles: [], users: ["ana"], within: "1h", escalates: false, escalate_users: [], step_up: "passkey", exclude_requester: false }],
  };
}

export function readFlow(world: World, draft: FlowDraft): FlowDraftView {
  const words = (index: number): string => {
    const stage = draft.stages[index];
    const who = [...(stage?.users ?? []), ...(stage?.roles ?? []).map((role) => `role ${role}`)].join(" or ");
    return `${stage?.required === 1 ? "1 vote" : `${stage?.required ?? 0} votes`} by ${who === "" ? "the desk's owner" : who} within ${stage?.within ?? ""}`;
  };
  const can = draft.name.trim() !== "";
  return {
    id: draft.id === "" ? "new-flow" : draft.id, file: `name = ${JSON.stringify(draft.name)}\n`,
    sentence: can ? `${draft.name}: ${draft.stages.map((_, index) => words(index)).join(", then ")}.` : null,
    stages: draft.stages.map((stage, index) => ({
      words: words(index), voters: stage.roles.length > 0 ? ["Ben Ito", "Lee Park", "Mia Sand"] : ["Ana Ruiz"], later: stage.escalates ? ["Ana Ruiz"] : [],
      problem: stage.required > 3 ? `${stage.required} votes are needed, and only 3 people can vote` : null,
    })),
    problems: [], used_by: world.flows.find((flow) => flow.id === draft.id)?.used_by ?? [],
    save: { can, proof: can ? world.proof : [], effect: "changes", label: "Save", note: can ? "Calls that wait already are judged again." : "Give the flow a name first." },
  };
}

type Handlers = { [K in keyof IpcSchema]: (req: IpcSchema[K]["req"]) => IpcSchema[K]["res"] };

/** The authoring commands over a world. */
export function authoring(world: World, changed: () => void): Pick<Handlers,
  "catalogue" | "open_draft" | "read_draft" | "mend_draft" | "save_policy" | "delete_policy" | "restore_policy" | "backtest" | "what_if"
  | "flows" | "open_flow" | "read_flow" | "save_flow" | "delete_flow" | "restore_flow"> {
  const policyDraft = (id: string): Draft => {
    const known = world.policies.rows.find((policy) => policy.id === id);
    const kept = world.drafts[id];
    if (kept !== undefined) return kept;
    const draft: Draft = {
      ...emptyDraft(), id, base: world.texts[id] ?? `name = ${JSON.stringify(known?.name ?? id)}\n`, name: known?.name ?? id, description: known?.description ?? "", mode: known?.mode ?? "enforce",
      tools: known?.tools ?? [], roles: known?.roles ?? [], when: known?.condition ?? "",
      action: { kind: known?.action ?? "deny", flow: known?.action === "request_approval" ? "finance" : null, method: null, max_age: null, message: null },
    };
    world.texts[id] = draft.base ?? "";
    world.drafts[id] = draft;
    return draft;
  };
  return {
    catalogue: ({ tools }) => catalogueOf(world, tools),
    open_draft: ({ from }) => {
      switch (from.kind) {
        case "nothing": return emptyDraft();
        case "policy": return policyDraft(from.id);
        case "copy": return { ...policyDraft(from.id), id: "", base: null, name: `${policyDraft(from.id).name}, copy` };
        case "text": return { ...policyDraft(from.id), base: from.base };
        case "hold": case "call": return { ...emptyDraft(), name: "create_expense by claude-code", tools: ["expenses/create_expense"], agents: ["claude-code"], when: "amount > 500" };
      }
    },
    read_draft: ({ draft }) => readDraft(world, draft),
    mend_draft: ({ draft }) => ({ ...draft, when: "amount > 500", tree: null }),
    save_policy: ({ draft }) => {
      const view = readDraft(world, draft);
      const disk = world.texts[view.id] ?? null;
      if (disk !== null && disk !== draft.base) return { kind: "changed", theirs: disk, mine: view.file };
      world.texts[view.id] = view.file ?? "";
      world.drafts[view.id] = { ...draft, id: view.id, base: view.file, when: view.text ?? "", tree: null };
      const row = {
        id: view.id, name: draft.name, description: draft.description, action: draft.action.kind, mode: draft.mode, tools: draft.tools,
        roles: draft.roles,
        condition: view.text === "" ? null : view.text, sentence: view.sentence ?? "", applied_30_days: 0, users: draft.users, agents: draft.agents, contexts: draft.contexts, changed_at: Date.now(),
      };
      world.policies.rows = [...world.policies.rows.filter(({ id }) => id !== row.id), row];
      changed();
      return { kind: "applied", id: view.id, message: "In force from the next call on." };
    },
    delete_policy: ({ id }) => {
      const row = world.policies.rows.find((policy) => policy.id === id);
      world.policies.rows = world.policies.rows.filter((policy) => policy.id !== id);
      if (row !== undefined) world.removed.push(row);
      changed();
      return { id, name: row?.name ?? id, text: "" };
    },
    restore_policy: ({ id }) => {
      world.policies.rows = [...world.policies.rows, ...world.removed.splice(0)];
      changed();
      return { kind: "applied", id, message: "In force from the next call on." };
    },
    backtest: ({ draft, so_far }) => backtestOf(world, draft, so_far),
    what_if: () => ({
      outcome: "request_approval", sentence: "Held for Finance by “Large expenses need finance”: amount is 7250.00, above 5000.", by_default: false,
      policies: [{
        id: "large-expenses", name: "Large expenses need finance", reads: "", action: "request_approval", applied: "yes", deciding: true, mode: "enforce", sentence: "",
        predicates: [
          { text: "amount > 5000", attribute: "args.amount", compared: "7250.00", truth: "true", note: null },
          { text: "user.role != \"finance\"", attribute: "user.role", compared: "employee", truth: "true", note: null },
          { text: "category in [\"travel\", \"hardware\"]", attribute: "args.category", compared: null, truth: "false", note: null },
          { text: "amount + tax > 100", attribute: "args.amount, args.tax", compared: "amount = 7250.00", truth: "undetermined", note: "tax is missing" },
        ],
        tree: {
          kind: "group", joined: "all", negated: false, truth: "true", label: null,
          parts: [
            { kind: "leaf", predicate: 0 }, { kind: "leaf", predicate: 1 },
            { kind: "group", joined: "any", negated: true, truth: "undetermined", label: null, parts: [{ kind: "leaf", predicate: 2 }, { kind: "leaf", predicate: 3 }] },
          ],
        },
      }],
    }),
    flows: () => ({ rows: world.flows }),
    open_flow: ({ id }) => flowDraft(world, id),
    read_flow: ({ draft }) => readFlow(world, draft),
    save_flow: ({ draft }) => {
      const view = readFlow(world, draft);
      const row: FlowRow = { ...flowRows(true)[0] as FlowRow, id: view.id, name: draft.name, sentence: view.sentence ?? "", stages: view.stages.map(({ words }) => words), built_in: false };
      world.flows = [...world.flows.filter(({ id }) => id !== row.id), row];
      changed();
      return { kind: "applied", id: view.id, message: "" };
    },
    delete_flow: ({ id }) => {
      world.flows = world.flows.filter((flow) => flow.id !== id);
      changed();
      return { id, name: id, text: "" };
    },
    restore_flow: ({ id }) => ({ kind: "applied", id, message: "" }),
  };
}
