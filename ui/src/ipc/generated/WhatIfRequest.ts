import type { Draft } from "./Draft";

export type WhatIfRequest = { 
/**
 * Judged as if it were saved; the set in force where null.
 */
draft: Draft | null, 
/**
 * `upstream/tool`
 */
tool: string, agent: string, 
/**
 * The agent's own user where null.
 */
user: string | null, 
/**
 * A JSON object.
 */
arguments: string, 
/**
 * Epoch milliseconds; now where null.
 */
at: number | null, };
