/**
 * The window with a thousand holds and a hundred thousand entries: no task that keeps a person waiting, a bounded
 * number of rows, and nothing that runs while nothing happens. Bounds are asserted; the figures are printed for
 * `cargo xtask bench ui`.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launch, serve } from "../../../scripts/site.mjs";

/** A task as long as this is felt. What counts is the processor's time: other programs do not make a test fail. */
const LONG = 50;
const MOST_ROWS = 520;
/** A page of a hundred calls, which a person asked for, is drawn in one task. */
const A_PAGE = 200;

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
  console.log(`${"".padEnd(46)} longest task, tasks of 50 ms or more; p50 of the tasks above 1 ms; rows\n${figures.join("\n")}\n`);
});
afterEach(async () => {
  await context?.close();
  context = null;
});

type Watched = { timers: string[] };
type TraceEvent = { name: string; ph: string; pid: number; tid: number; tdur?: number; args?: { name?: string } };

async function open(scenario: string, address: string): Promise<Page> {
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.addInitScript(watch);
  await page.goto(`${site.url}?scenario=${scenario}#${address}`);
  await page.locator("nav").waitFor();
  return page;
}

/** Runs in the page: each timer that fires. */
function watch(): void {
  const seen: Watched = { timers: [] };
  Object.assign(window, { seen });
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
  (window as unknown as { seen: Watched }).seen.timers.length = 0;
});

/** What the tasks of the page's own thread cost while something is done, in milliseconds of the processor, longest first. */
async function tasksOf(page: Page, work: () => Promise<void>): Promise<number[]> {
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline", "devtools.timeline"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const pages = new Set(traceEvents
    .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, ph, pid, tid }) => name === "RunTask" && ph === "X" && pages.has(`${pid} ${tid}`));
  expect(tasks.length).toBeGreaterThan(0);
  return tasks.map(({ tdur }) => (tdur ?? 0) / 1000).sort((a, b) => b - a);
}

function note(tasks: readonly number[], what: string, rows: number, most = LONG): void {
  const [longest = 0] = tasks;
  const felt = tasks.filter((task) => task >= LONG).length;
  const some = tasks.filter((task) => task > 1);
  const middle = some[Math.floor(some.length / 2)] ?? 0;
  figures.push(`${what.padEnd(46)} ${longest.toFixed(1)} ms, ${felt}; p50 ${middle.toFixed(1)} ms; ${rows} rows`);
  expect(longest).toBeLessThan(most);
}

describe("with a thousand holds", () => {
  it("the inbox has few rows, and J and K are answered at once", async () => {
    const page = await open("crowd", "/inbox");
    await page.getByTestId("card").waitFor();
    const tasks = await tasksOf(page, async () => {
      for (let n = 0; n < 20; n++) await page.keyboard.press("j");
      await page.waitForTimeout(1500);
    });
    const rows = await page.getByTestId("inbox-row").count();
    expect(rows).toBeLessThanOrEqual(120);
    expect(await page.getByText("1000 waiting").count()).toBe(1);
    note(tasks, "1,000 holds: J twenty times, then a second", rows);
  });
});

describe("with a hundred thousand entries", () => {
  it("activity has few rows however far one goes back", async () => {
    const page = await open("crowd", "/activity");
    await page.getByTestId("activity-row").first().waitFor();
    await page.locator("[data-testid=bars] svg").waitFor();
    const tasks = await tasksOf(page, async () => {
      for (let n = 0; n < 8; n++) {
        const last = await page.getByTestId("activity-row").last().getAttribute("data-seq");
        await page.getByTestId("older").click();
        await page.waitForFunction(
          (seq) => [...document.querySelectorAll("[data-testid=activity-row]")].at(-1)?.getAttribute("data-seq") !== seq, last,
        );
      }
    });
    const rows = await page.getByTestId("activity-row").count();
    expect(rows).toBeLessThanOrEqual(MOST_ROWS);
    note(tasks, "100,000 entries: eight pages back", rows, A_PAGE);
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
