import type { Browser } from "playwright-core";

export const POLICY: string;
export function serve(): Promise<{ url: string; close: () => Promise<void> }>;
export function launch(): Promise<Browser>;
