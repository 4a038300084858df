/** Worlds to look at: empty, in daily use, hostile, broken. Values are invented. */
import type {
  AgentsView, ActivityRow, Answers, Card, ChangedToolRow, Draft, FlowRow, FoundAgent, GrantRow, IpcSchema, Overview, PeopleDraft,
  PoliciesView, PolicyRow, SecurityView, SettingsView, UpstreamRow,
} from "@/ipc/schema";
import { flowRows } from "./authoring";
import { burstCards } from "./burst";
import { argument, cardOf, MINUTE } from "./cards";
import { pastMonth } from "./counted";
import { dailyActivity, dailyAgents, dailyCards, dailyPolicies, dailyUpstreams } from "./daily";
import { crowdOfCalls, crowdOfCards } from "./crowd";
import { dailyAnswers, dailyGrants, hostileGrants } from "./grants";
import { FOUND, HOSTILE_FOUND, NOTHING_FOUND } from "./local-agents";
import { dailyLog, dailySettings } from "./settings";
import { dailyPeople, hostilePeople } from "./people";
import { brokenSecurity, dailySecurity, noPassphrase } from "./security";
import { hostileActivity, hostileAgents, hostileCards, hostilePolicies, hostileUpstreams } from "./hostile";

export type World = {
  overview: Overview;
  cards: Card[];
  activity: ActivityRow[];
  /** Calls of before, which only counts know. */
  past: ReturnType<typeof pastMonth>;
  policies: PoliciesView;
  upstreams: UpstreamRow[];
  changedTools: ChangedToolRow[];
  agents: AgentsView;
  /** Agent programs on the machine. */
  found: FoundAgent[];
  security: SecurityView;
  /** By hold. */
  answers: Record<string, Answers>;
  grants: GrantRow[];
  /** Commands that only answer with an error. */
  failing: (keyof IpcSchema)[];
  flows: FlowRow[];
  /** Files of policies, and what was written of them. */
  texts: Record<string, string>;
  drafts: Record<string, Draft>;
  removed: PolicyRow[];
  settings: SettingsView;
  log: string[];
  /** The chosen tool has two hundred parameters. */
  wide: boolean;
  people: PeopleDraft;
  /** A hundred thousand calls are on record. */
  long: boolean;
  /** Why changes need a passkey; empty where none is enrolled. */
  proof: string[];
};

const overview: Overview = {
  version: "0.1.0",
  home: "/home/ana/.local/share/doorward",
  gateway: { state: "on", listen: "127.0.0.1:7717" },
  waiting: 0,
  paused: false,
  owner: { id: "ana", name: "Ana Ruiz" },
  keychain: { ok: true, name: "Keychain", message: null, hint: null },
  notifications: { ok: true, name: "Notifications", message: null, hint: null },
  screen: { ok: true, name: "Screen", message: null, hint: null },
  practice: true,
  alarms: [],
};

const nothing = (): World => ({
  overview: structuredClone(overview),
  cards: [],
  activity: [],
  past: [],
  policies: { revision: "5f2c9a71d04b", rows: [], default_action: "allowed", waiting: null, problem: null },
  upstreams: [],
  changedTools: [],
  agents: { agents: [], users: [{ id: "ana", name: "Ana Ruiz" }] },
  found: structuredClone(NOTHING_FOUND),
  security: { passkeys: [], people: [{ id: "ana", name: "Ana Ruiz" }], problem: null, passphrase: noPassphrase, reset: null },
  answers: {},
  grants: [],
  failing: [],
  flows: flowRows(true),
  texts: {},
  drafts: {},
  removed: [],
  settings: structuredClone(dailySettings),
  log: [],
  wide: false,
  people: { base: "", users: [{ from: 0, id: "ana", name: "Ana Ruiz", email: "", roles: [], department: "", owner: true, attributes: [] }] },
  long: false,
  proof: [],
});

const daily = (now: number): World => ({
  ...nothing(),
  cards: dailyCards(now),
  activity: dailyActivity(now),
  past: pastMonth(now),
  policies: dailyPolicies(),
  upstreams: dailyUpstreams(),
  agents: dailyAgents(now),
  found: structuredClone(FOUND),
  security: dailySecurity(now),
  flows: flowRows(false),
  people: dailyPeople(),
  answers: dailyAnswers(now),
  grants: dailyGrants(now),
  log: dailyLog,
});

export const SCENARIOS: Readonly<Record<string, (now: number) => World>> = {
  empty: nothing,
  full: daily,
  burst: (now) => ({ ...daily(now), cards: burstCards(now), answers: {} }),
  /** A thousand policies and a hundred thousand calls. */
  many: (now) => {
    const world = { ...daily(now), long: true };
    const [first] = world.policies.rows;
    if (first !== undefined) {
      world.policies.rows = [first, ...Array.from({ length: 999 }, (_, index) => ({ ...first, id: `policy-${index}`, name: `Policy ${index} of many` }))];
    }
    world.policies.waiting = null;
    return world;
  },
  quiet: (now) => ({ ...daily(now), cards: [] }),
  fresh: () => {
    const world = nothing();
    world.overview.practice = false;
    return world;
  },
  hostile: (now) => ({
    ...nothing(),
    cards: hostileCards(now),
    activity: hostileActivity(now),
    policies: hostilePolicies(),
    upstreams: hostileUpstreams(),
    agents: hostileAgents(now),
    found: structuredClone(HOSTILE_FOUND),
    security: brokenSecurity,
    grants: hostileGrants(now),
    people: hostilePeople(),
    proof: [`\`${"a-very-long-name-".repeat(8)}.toml\` is changed`, "`people.toml` is changed"],
  }),
  /** As many as there will ever be. */
  crowd: (now) => ({ ...daily(now), cards: crowdOfCards(now), activity: crowdOfCalls(now), past: [] }),
  broken: (now) => {
    const world = daily(now);
    world.failing = ["inbox", "activity", "policies", "upstreams", "agents", "grants", "settings"];
    return world;
  },
  off: (now) => {
    const world = daily(now);
    world.overview.gateway = {
      state: "off",
      message: "port 7717 is taken by another program",
      hint: "End that program, or choose another port in doorward.toml",
    };
    world.overview.keychain = {
      ok: false, name: "Keychain", message: "the keychain is locked", hint: "Unlock it. Until then held calls are refused",
    };
    world.overview.notifications = {
      ok: false, name: "Notifications", message: "no notification service runs on this desktop", hint: "Holds show in this window and in the tray",
    };
    world.overview.alarms = [
      {
        code: "set_waiting", message: "Policy files were changed outside this window. They do not apply yet.",
        hint: "Open Policies to see the difference, then apply it or put it back.",
      },
    ];
    return world;
  },
};

export function practiceCard(now: number, hold: string): Card {
  return cardOf({
    hold, agent: "practice", user_name: "Ana Ruiz", upstream: "practice", tool: "delete_customer",
    tool_title: "Delete customer", tool_description: "Deletes one customer and everything kept of them.",
    destructive: true, program: "doorward-desktop", process: 4021,
    arguments: [argument("customer_id", "c-1042", { title: "Customer" })],
    reasons: [{
      kind: "policy", policy: "delete-customer", name: "Deleting a customer needs a look",
      description: "What is deleted cannot be brought back.", action: "request_approval", sentence: "every call of `practice/delete_customer`",
    }],
    opened_at: now, deadline: now + 15 * MINUTE,
  });
}
