import type { Browser, BrowserContext, Page } from "playwright-core";

type Size = { width: number; height: number };
/** Name, scenario, address, what to do before the picture. */
export type Shot = [name: string, scenario: string, address: string, ...steps: ((page: Page) => Promise<void>)[]];

export const SIZES: Size[];
export const OPENING: Size;
export const THEMES: ("light" | "dark")[];
export const NOW: Date;
export const SHOTS: Shot[];
export function takePlace(
  browser: Browser, site: { url: string }, shot: Shot, theme: "light" | "dark", viewport: Size, complain: (text: string) => void,
): Promise<{ page: Page; context: BrowserContext }>;
export function breathe(page: Page, nth: number): Promise<void>;
export function resize(page: Page, viewport: Size): Promise<void>;
export function recolour(page: Page, theme: "light" | "dark"): Promise<void>;
