/**
 * The window with a thousand holds and a hundred thousand entries: no task that keeps a person waiting, a bounded
 * number of rows, and nothing that runs while nothing happens. Bounds are asserted; the figures are printed for
 * `cargo xtask bench ui`.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launch, serve } from "../../../scripts/site.mjs";

/** A task as long as this is felt. Machines that also compile get more, so that the test is about the window. */
const LONG = 50;
const ALLOWED = Number(process.env["DOORWARD_LONG_TASK"] ?? 250);
const MOST_ROWS = 520;

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;
let context: BrowserContext | null = null;
const figures: string[] = [];

beforeAll(async () => {
  [browser, site] = await Promise.all([launch(), serve()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
  console.log(`${"".padEnd(46)} tasks of 50 ms or more (longest), rows; p50, p99 of frames\n${figures.join("\n")}\n`);
});
afterEach(async () => {
  await context?.close();
  context = null;
});

type Watched = { long: number[]; frames: number[]; timers: string[] };

async function open(scenario: string, address: string): Promise<Page> {
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.addInitScript(watch);
  await page.goto(`${site.url}?scenario=${scenario}#${address}`);
  await page.locator("nav").waitFor();
  return page;
}

/** Runs in the page: long tasks, the time between frames, and each timer that fires. */
function watch(): void {
  const seen: Watched = { long: [], frames: [], timers: [] };
  Object.assign(window, { seen });
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) seen.long.push(duration); }).observe({ type: "longtask", buffered: true });
  for (const name of ["setTimeout", "setInterval", "requestAnimationFrame"] as const) {
    const real = window[name].bind(window) as (work: (...args: unknown[]) => void, after?: number) => number;
    Object.assign(window, {
      [name]: (work: (...args: unknown[]) => void, after?: number) => real((...args) => {
        seen.timers.push(`${name} ${after ?? 0}`);
        work(...args);
      }, after),
    });
  }
}

const seen = (page: Page): Promise<Watched> => page.evaluate(() => (window as unknown as { seen: Watched }).seen);
const forget = (page: Page): Promise<void> => page.evaluate(() => {
  const all = (window as unknown as { seen: Watched }).seen;
  all.long.length = 0;
  all.timers.length = 0;
});

async function note(page: Page, what: string, rows: number): Promise<void> {
  const { long } = await seen(page);
  const sorted = [...long].sort((a, b) => a - b);
  const felt = sorted.filter((duration) => duration >= LONG);
  figures.push(`${what.padEnd(46)} ${felt.length} (${Math.round(sorted.at(-1) ?? 0)} ms), ${rows} rows`);
  expect(sorted.at(-1) ?? 0).toBeLessThan(ALLOWED);
}

describe("with a thousand holds", () => {
  it("the inbox has few rows, and J and K are answered at once", async () => {
    const page = await open("crowd", "/inbox");
    await page.getByTestId("card").waitFor();
    await forget(page);
    for (let n = 0; n < 20; n++) await page.keyboard.press("j");
    await page.waitForTimeout(1500);
    const rows = await page.getByTestId("inbox-row").count();
    expect(rows).toBeLessThanOrEqual(120);
    expect(await page.getByText("1000 waiting").count()).toBe(1);
    await note(page, "1,000 holds: J twenty times, then a second", rows);
  });
});

describe("with a hundred thousand entries", () => {
  it("activity has few rows however far one goes back", async () => {
    const page = await open("crowd", "/activity");
    await page.getByTestId("activity-row").first().waitFor();
    await page.locator("[data-testid=bars] svg").waitFor();
    await forget(page);
    for (let n = 0; n < 8; n++) {
      const last = await page.getByTestId("activity-row").last().getAttribute("data-seq");
      await page.getByTestId("older").click();
      await page.waitForFunction((seq) => document.querySelector(`[data-testid=activity-row][data-seq="${seq ?? ""}"] `) === null
        || [...document.querySelectorAll("[data-testid=activity-row]")].at(-1)?.getAttribute("data-seq") !== seq, last);
    }
    const rows = await page.getByTestId("activity-row").count();
    expect(rows).toBeLessThanOrEqual(MOST_ROWS);
    await note(page, "100,000 entries: eight pages back", rows);
  });
});

describe("when nothing happens", () => {
  it.each(["/inbox", "/activity", "/policies", "/agents", "/upstreams", "/grants", "/security", "/settings"])("no timer of ours runs, %s", async (address) => {
    const page = await open("empty", address);
    await page.locator("h1").first().waitFor();
    await page.waitForTimeout(1500);
    await forget(page);
    await page.waitForTimeout(3000);
    const { timers } = await seen(page);
    figures.push(`${`idle for 3 s, ${address}`.padEnd(46)} ${timers.length} timers`);
    expect(timers).toEqual([]);
  });
});
