import type { FileDiff } from "./FileDiff";
import type { NewUpstream } from "./NewUpstream";

export type ConnectPlan = { 
/**
 * The agent it is, or will be paired as.
 */
agent: string, files: Array<FileDiff>, upstreams: Array<NewUpstream>, 
/**
 * Why values that look secret stay in `upstreams.toml`.
 */
secrets_stay: string | null, 
/**
 * What policies will not see by the name that they have, a sentence each.
 */
warnings: Array<string>, };
