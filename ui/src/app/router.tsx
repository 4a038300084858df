/** The screens and their addresses. What is looked at lives in the address: the hold, the filters. */
import {
  createRootRoute, createRoute, createRouter, redirect, type RouterHistory,
} from "@tanstack/react-router";
import { ActivityPage } from "@/features/activity/activity-page";
import { isOutcome, type Outcome } from "@/features/activity/outcomes";
import { AgentsPage } from "@/features/agents/agents-page";
import { InboxPage } from "@/features/inbox/inbox-page";
import { PoliciesPage } from "@/features/policies/policies-page";
import { SecurityPage } from "@/features/security/security-page";
import { UpstreamsPage } from "@/features/upstreams/upstreams-page";
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
  validateSearch: (search: Record<string, unknown>): { text?: string; outcome?: Outcome } => ({
    ...(typeof search["text"] === "string" && search["text"] !== "" ? { text: search["text"] } : {}),
    ...(isOutcome(search["outcome"]) ? { outcome: search["outcome"] } : {}),
  }),
  component: function Activity() {
    const { text, outcome } = activity.useSearch();
    const navigate = activity.useNavigate();
    return (
      <ActivityPage
        filter={{ text: text ?? null, outcome: outcome ?? null }}
        onFilter={(filter) => {
          void navigate({
            search: {
              ...(filter.text === null ? {} : { text: filter.text }),
              ...(filter.outcome === null ? {} : { outcome: filter.outcome }),
            },
            replace: true,
          });
        }}
      />
    );
  },
});

const policies = createRoute({ getParentRoute: () => root, path: "/policies", component: PoliciesPage });
const agents = createRoute({ getParentRoute: () => root, path: "/agents", component: AgentsPage });
const upstreams = createRoute({ getParentRoute: () => root, path: "/upstreams", component: UpstreamsPage });

const security = createRoute({ getParentRoute: () => root, path: "/security", component: SecurityPage });

const tree = root.addChildren([security, index, inbox, activity, policies, agents, upstreams]);

export function createAppRouter(history: RouterHistory) {
  return createRouter({ routeTree: tree, history, defaultPreload: false });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
