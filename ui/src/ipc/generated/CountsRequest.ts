import type { ActivityRequest } from "./ActivityRequest";

export type CountsRequest = { 
/**
 * Where each bucket begins and the last one ends, epoch milliseconds; at most 401, at quarters of an hour.
 */
edges: number[], 
/**
 * Which calls; `before`, `limit`, `since` and `until` do not count.
 */
filters: ActivityRequest, };
