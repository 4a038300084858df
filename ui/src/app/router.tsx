/** The screens and their addresses. What is looked at lives in the address: the hold, the filters. */
import {
  createRootRoute, createRoute, createRouter, redirect, type RouterHistory,
} from "@tanstack/react-router";
import { ActivityPage } from "@/features/activity/activity-page";
import { activitySearch, filterOf, searchOf, type ActivitySearch } from "@/features/activity/filter";
import { AgentsPage } from "@/features/agents/agents-page";
import { BuilderPage, type Origin } from "@/features/builder/builder-page";
import { FlowsPage } from "@/features/flows/flows-page";
import { GrantsPage } from "@/features/grants/grants-page";
import { InboxPage } from "@/features/inbox/inbox-page";
import { PacksPage } from "@/features/packs/packs-page";
import { PeoplePage } from "@/features/people/people-page";
import { PoliciesPage } from "@/features/policies/policies-page";
import { SecurityPage } from "@/features/security/security-page";
import { SettingsPage } from "@/features/settings/settings-page";
import { UpstreamsPage } from "@/features/upstreams/upstreams-page";
import { TryDraft, WhatIfPage } from "@/features/what-if/what-if-page";
import { Broken } from "./broken";
import { Shell } from "./shell";

const root = createRootRoute({ component: Shell, errorComponent: Broken });

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => { throw redirect({ to: "/inbox" }); },
});

const inbox = createRoute({
  getParentRoute: () => root,
  path: "/inbox",
  validateSearch: (search: Record<string, unknown>): { hold?: string } =>
    typeof search["hold"] === "string" ? { hold: search["hold"] } : {},
  component: function Inbox() {
    const { hold } = inbox.useSearch();
    const navigate = inbox.useNavigate();
    return (
      <InboxPage
        selected={hold ?? null}
        onSelect={(next) => { void navigate({ search: next === null ? {} : { hold: next }, replace: true }); }}
      />
    );
  },
});

const activity = createRoute({
  getParentRoute: () => root,
  path: "/activity",
  validateSearch: (search: Record<string, unknown>): ActivitySearch => activitySearch(search),
  component: function Activity() {
    const search = activity.useSearch();
    const navigate = activity.useNavigate();
    return (
      <ActivityPage
        filter={filterOf(search)}
        onFilter={(filter) => { void navigate({ search: searchOf(filter), replace: true }); }}
      />
    );
  },
});

const policies = createRoute({ getParentRoute: () => root, path: "/policies", component: PoliciesPage });
const grants = createRoute({ getParentRoute: () => root, path: "/grants", component: GrantsPage });
const text = (value: unknown): string | undefined => typeof value === "string" || typeof value === "number" ? String(value) : undefined;

const builder = createRoute({
  getParentRoute: () => root,
  path: "/builder",
  validateSearch: (search: Record<string, unknown>): Origin => {
    const [id, copy, hold, seq] = [text(search["id"]), text(search["copy"]), text(search["hold"]), Number(search["seq"])];
    if (id !== undefined) return { id };
    if (copy !== undefined) return { copy };
    if (hold !== undefined) return { hold };
    return Number.isSafeInteger(seq) ? { seq } : {};
  },
  component: function BuilderScreen() {
    const origin = builder.useSearch();
    const navigate = builder.useNavigate();
    return <BuilderPage key={JSON.stringify(origin)} origin={origin} TryDraft={TryDraft} onLeave={() => { void navigate({ to: "/policies" }); }} />;
  },
});

const flows = createRoute({
  getParentRoute: () => root,
  path: "/flows",
  validateSearch: (search: Record<string, unknown>): { flow?: string } => {
    const flow = text(search["flow"]);
    return flow === undefined ? {} : { flow };
  },
  component: function Flows() {
    const { flow } = flows.useSearch();
    const navigate = flows.useNavigate();
    return <FlowsPage flow={flow ?? null} onOpen={(next) => { void navigate({ search: next === null ? {} : { flow: next } }); }} />;
  },
});

const packs = createRoute({
  getParentRoute: () => root,
  path: "/packs",
  validateSearch: (search: Record<string, unknown>): { pack?: string } => {
    const pack = text(search["pack"]);
    return pack === undefined ? {} : { pack };
  },
  component: function Packs() {
    const { pack } = packs.useSearch();
    const navigate = packs.useNavigate();
    return <PacksPage pack={pack ?? null} onOpen={(next) => { void navigate({ search: next === null ? {} : { pack: next } }); }} />;
  },
});

const whatIf = createRoute({ getParentRoute: () => root, path: "/what-if", component: WhatIfPage });
const people = createRoute({ getParentRoute: () => root, path: "/people", component: PeoplePage });
const agents = createRoute({ getParentRoute: () => root, path: "/agents", component: AgentsPage });
const upstreams = createRoute({ getParentRoute: () => root, path: "/upstreams", component: UpstreamsPage });

const security = createRoute({ getParentRoute: () => root, path: "/security", component: SecurityPage });
const settings = createRoute({ getParentRoute: () => root, path: "/settings", component: SettingsPage });

const tree = root.addChildren([
  index, inbox, activity, policies, builder, packs, whatIf, flows, grants, agents, upstreams, people, security, settings,
]);

export function createAppRouter(history: RouterHistory) {
  return createRouter({ routeTree: tree, history, defaultPreload: false });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
