/** Queries and commands over the schema. Nothing polls: `changed` events say which answers are out of date. */
import {
  infiniteQueryOptions, keepPreviousData, queryOptions, replaceEqualDeep, useMutation, useQueryClient,
  type QueryClient, type UseMutationResult,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { call, currentHost, type IpcFailure } from "./host";
import type {
  ActivityPage, ActivityRequest, Changed, Draft, DraftView, FlowDraft, GrantTerms, IpcSchema, PackSource, PeopleDraft, Tag,
} from "./schema";

const ACTIVITY_PAGE = 100;

export const overviewQuery = queryOptions({ queryKey: ["overview"], queryFn: () => call("overview", {}) });
export const inboxQuery = queryOptions({ queryKey: ["inbox"], queryFn: () => call("inbox", {}) });
export const policiesQuery = queryOptions({ queryKey: ["policies"], queryFn: () => call("policies", {}) });
export const upstreamsQuery = queryOptions({ queryKey: ["upstreams"], queryFn: () => call("upstreams", {}) });
export const changedToolsQuery = queryOptions({ queryKey: ["upstreams", "changed"], queryFn: () => call("changed_tools", {}) });
export const securityQuery = queryOptions({ queryKey: ["security"], queryFn: () => call("security", {}) });
export const agentsQuery = queryOptions({ queryKey: ["agents"], queryFn: () => call("agents", {}) });

/** Whether taking a policy away needs a passkey. */
export const removalQuery = (id: string) => queryOptions({
  queryKey: ["policies", "removal", id], queryFn: () => call("needs_proof", { kind: "document", path: `${id}.toml`, text: null }),
});

/** Agent programs of this machine; out of date with the agents. */
export const foundAgentsQuery = queryOptions({ queryKey: ["agents", "found"], queryFn: () => call("found_agents", {}) });

export const flowsQuery = queryOptions({ queryKey: ["policies", "flows"], queryFn: () => call("flows", {}) });

/** What can be chosen for a policy about these tools. */
export const catalogueQuery = (tools: readonly string[]) =>
  queryOptions({ queryKey: ["policies", "catalogue", tools], queryFn: () => call("catalogue", { tools: [...tools] }), placeholderData: keepPreviousData });

/** What Rust says of a draft. Answers to older drafts stay on screen until the newest is read. */
export const draftQuery = (draft: Draft) =>
  queryOptions({ queryKey: ["policies", "draft", draft], queryFn: () => readDraft(draft), placeholderData: keepPreviousData, gcTime: 10_000 });

let lastRead: DraftView | undefined;

/** What is as it was, in the tree that was asked about or in the answer before, is the same object: it is not drawn anew. */
async function readDraft(draft: Draft): Promise<DraftView> {
  const view = await call("read_draft", { draft });
  lastRead = replaceEqualDeep(lastRead, draft.tree === null ? view : { ...view, tree: replaceEqualDeep(draft.tree, view.tree) });
  return lastRead;
}

export const flowDraftQuery = (draft: FlowDraft) =>
  queryOptions({ queryKey: ["policies", "flow", draft], queryFn: () => call("read_flow", { draft }), placeholderData: keepPreviousData, gcTime: 10_000 });

export const peopleDraftQuery = (draft: PeopleDraft) =>
  queryOptions({ queryKey: ["policies", "people", draft], queryFn: () => call("read_people", { draft }), placeholderData: keepPreviousData, gcTime: 10_000 });

/** `asked` is the request as JSON. */
export const patternQuery = (asked: string, enabled: boolean) => queryOptions({
  queryKey: ["pattern", asked], queryFn: () => call("try_pattern", JSON.parse(asked) as IpcSchema["try_pattern"]["req"]), enabled, gcTime: 10_000,
});

export const packsQuery = queryOptions({ queryKey: ["policies", "packs"], queryFn: () => call("packs", {}) });

export const packQuery = (source: PackSource, withDefault: boolean) => queryOptions({
  queryKey: ["policies", "pack", source, withDefault], queryFn: () => call("pack", { source, with_default: withDefault }), placeholderData: keepPreviousData,
  // A folder is read anew each time it is looked at: nobody tells us that a file in it changed.
  ...(source.kind === "folder" ? { staleTime: 0, gcTime: 0 } : {}),
});

export const cardQuery = (hold: string) =>
  queryOptions({ queryKey: ["card", hold], queryFn: () => call("card", { hold }) });

/** Holds that one gesture may answer. Out of date whenever its card, or the inbox, is. */
export const similarQuery = (hold: string) =>
  queryOptions({ queryKey: ["inbox", "similar", hold], queryFn: () => call("similar", { hold }) });

/** Which hold the approval window shows. */
export const shownHoldQuery = queryOptions({ queryKey: ["shown-hold"], queryFn: () => currentHost().shownHold() });

export const grantsQuery = queryOptions({ queryKey: ["grants"], queryFn: () => call("grants", {}) });

/** Out of date whenever its card is. */
export const answersQuery = (hold: string, digest: string) =>
  queryOptions({ queryKey: ["card", hold, "answers", digest], queryFn: () => call("answers", { hold, digest }) });

/** While the next one is asked for, the one before stays on show. */
export const grantPreviewQuery = (hold: string, digest: string, terms: GrantTerms) =>
  queryOptions({
    queryKey: ["card", hold, "grant", digest, terms],
    queryFn: () => call("preview_grant", { hold, digest, terms }),
    placeholderData: keepPreviousData,
  });

/** Where a page begins, and where the pages before it did: what is far above is let go and read again. */
type Place = { before: number | null; above: (number | null)[] };

/** Pages kept, so that a long history does not fill the window. */
const PAGES_KEPT = 5;

/** `from`: the list begins with this call. */
export const activityQuery = ({ from, ...filter }: ActivityFilter & { from: number | null }) => {
  const first: Place = { before: from === null ? null : from + 1, above: [] };
  return infiniteQueryOptions({
    queryKey: ["activity", filter, from],
    queryFn: ({ pageParam }) => call("activity", { before: pageParam.before, limit: ACTIVITY_PAGE, ...filter }),
    initialPageParam: first,
    getNextPageParam: ({ next }: ActivityPage, _, { before, above }): Place | undefined =>
      next === null ? undefined : { before: next, above: [...above, before] },
    getPreviousPageParam: (_, __, { above }): Place | undefined =>
      above.length === 0 ? undefined : { before: above.at(-1) ?? null, above: above.slice(0, -1) },
    maxPages: PAGES_KEPT,
  });
};

export type ActivityFilter = Omit<ActivityRequest, "before" | "limit">;

/** While another stretch is counted, the one before stays on show. */
export const countsQuery = (edges: number[], filter: Omit<ActivityFilter, "since" | "until">) =>
  queryOptions({
    queryKey: ["activity", "counts", edges, filter],
    queryFn: () => call("activity_counts", { edges, filters: { ...filter, since: null, until: null, before: null, limit: 1 } }),
    placeholderData: keepPreviousData,
  });

export const traceQuery = (seq: number) =>
  queryOptions({ queryKey: ["activity", "trace", seq], queryFn: () => call("activity_trace", { seq }) });

/** Beside the overview, which changes with the address. */
export const settingsQuery = queryOptions({ queryKey: ["overview", "settings"], queryFn: () => call("settings", {}) });

/** Read anew each time it is opened: nothing says when a line was added. */
export const logQuery = queryOptions({ queryKey: ["log"], queryFn: () => call("read_log", {}), staleTime: 0, gcTime: 0 });

/** Runs one command; on success the answers under `tags` are asked for again. */
export function useCommand<K extends keyof IpcSchema>(
  name: K,
  tags: readonly Tag[],
): UseMutationResult<IpcSchema[K]["res"], IpcFailure, IpcSchema[K]["req"]> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (req: IpcSchema[K]["req"]) => call(name, req),
    onSettled: () => { invalidate(client, { tags: [...tags], hold: null }); },
  });
}

/** Keeps what is shown in step with what Rust says has changed. */
export function useChanges(): void {
  const client = useQueryClient();
  useEffect(() => currentHost().onChanged((changed) => { invalidate(client, changed); }), [client]);
}

function invalidate(client: QueryClient, { tags, hold }: Changed): void {
  for (const tag of tags) void client.invalidateQueries({ queryKey: [tag] });
  if (hold) void client.invalidateQueries({ queryKey: ["card", hold] });
  else if (tags.includes("inbox")) void client.invalidateQueries({ queryKey: ["card"] });
}
