import type { ActivityRequest } from "./ActivityRequest";
import type { ExportAs } from "./ExportAs";

export type ExportRequest = { format: ExportAs, 
/**
 * The calls that these find; `before` and `limit` do not count. None is the whole journal, entry by entry, which
 * `doorward journal verify` can check.
 */
filters: ActivityRequest | null, 
/**
 * Secret values too. Asks for a passkey where one is enrolled; the answer comes after it.
 */
clear: boolean, };
