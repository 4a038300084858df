/** Queries and commands over the schema. Nothing polls: `changed` events say which answers are out of date. */
import {
  infiniteQueryOptions, queryOptions, useMutation, useQueryClient,
  type QueryClient, type UseMutationResult,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { call, currentHost, type IpcFailure } from "./host";
import type { ActivityOutcome, ActivityPage, Changed, IpcSchema, Tag } from "./schema";

const ACTIVITY_PAGE = 100;

export const overviewQuery = queryOptions({ queryKey: ["overview"], queryFn: () => call("overview", {}) });
export const inboxQuery = queryOptions({ queryKey: ["inbox"], queryFn: () => call("inbox", {}) });
export const policiesQuery = queryOptions({ queryKey: ["policies"], queryFn: () => call("policies", {}) });
export const upstreamsQuery = queryOptions({ queryKey: ["upstreams"], queryFn: () => call("upstreams", {}) });
export const agentsQuery = queryOptions({ queryKey: ["agents"], queryFn: () => call("agents", {}) });

export const cardQuery = (hold: string) =>
  queryOptions({ queryKey: ["card", hold], queryFn: () => call("card", { hold }) });

export const activityQuery = (filter: { text: string | null; outcome: ActivityOutcome | null }) =>
  infiniteQueryOptions({
    queryKey: ["activity", filter],
    queryFn: ({ pageParam }) => call("activity", { before: pageParam, limit: ACTIVITY_PAGE, ...filter }),
    initialPageParam: null as number | null,
    getNextPageParam: (last: ActivityPage) => last.next,
  });

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
