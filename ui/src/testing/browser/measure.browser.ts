/**
 * The window with a thousand holds and a hundred thousand entries: a bounded number of rows, few of them handled in one
 * go, and nothing that runs while nothing happens. With `DOORWARD_MEASURE` (`npm run measure`, for `cargo xtask bench ui`)
 * also what the tasks cost, which a busy machine changes: no task that keeps a person waiting.
 */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launch, serve } from "../../../scripts/site.mjs";

/** A task as long as this is felt. What counts is the processor's time: other programs do not make a test fail. */
const LONG = 50;
const MOST_ROWS = 520;
const A_PAGE = 100;
const MEASURED = process.env["DOORWARD_MEASURE"] !== undefined;

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
  if (MEASURED) console.log(`${"".padEnd(46)} longest task, tasks of 50 ms or more; p50 of the tasks above 1 ms; rows\n${figures.join("\n")}\n`);
});
afterEach(async () => {
  await context?.close();
  context = null;
});

/** Most rows that came with one change of the page, and how often the chart was drawn meanwhile. */
type Rows = { most: number; drawings: number };
type Watched = { timers: string[] };
type TraceEvent = { name: string; ph: string; pid: number; tid: number; tdur?: number; args?: { name?: string } };

async function open(scenario: string, address: string, still = false): Promise<Page> {
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  if (still) await page.clock.install();
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

/** Runs in the page. */
function watchRows(): void {
  const rows: Rows = { most: 0, drawings: 0 };
  Object.assign(window, { rows });
  new MutationObserver((changes) => {
    const came = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node instanceof Element);
    const count = came.reduce((sum, element) => sum + Number(element.matches("[data-testid=activity-row]"))
      + element.querySelectorAll("[data-testid=activity-row]").length, 0);
    rows.most = Math.max(rows.most, count);
    if (changes.some(({ target }) => target instanceof Element && target.closest("[data-testid=bars]") !== null)) rows.drawings += 1;
  }).observe(document.body, { childList: true, subtree: true, attributes: true });
}

const seen = (page: Page): Promise<Watched> => page.evaluate(() => (window as unknown as { seen: Watched }).seen);
const forget = (page: Page): Promise<void> => page.evaluate(() => {
  (window as unknown as { seen: Watched }).seen.timers.length = 0;
});

/** What the tasks of the page's own thread cost while something is done, in milliseconds of the processor, longest first. */
async function tasksOf(page: Page, work: () => Promise<void>): Promise<number[]> {
  if (!MEASURED) {
    await work();
    return [];
  }
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline", "devtools.timeline"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const pages = new Set(traceEvents
    .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, ph, pid, tid }) => name === "RunTask" && ph === "X" && pages.has(`${pid} ${tid}`));
  expect(tasks.length).toBeGreaterThan(0);
  return tasks.map(({ tdur }) => (tdur ?? 0) / 1000).sort((a, b) => b - a);
}

function note(tasks: readonly number[], what: string, rows: number): void {
  if (!MEASURED) return;
  const [longest = 0] = tasks;
  const felt = tasks.filter((task) => task >= LONG).length;
  const some = tasks.filter((task) => task > 1);
  const middle = some[Math.floor(some.length / 2)] ?? 0;
  figures.push(`${what.padEnd(46)} ${longest.toFixed(1)} ms, ${felt}; p50 ${middle.toFixed(1)} ms; ${rows} rows`);
  expect(longest).toBeLessThan(LONG);
}

describe("with a thousand holds", () => {
  it("the inbox has few rows, and J and K are answered at once", async () => {
    const page = await open("crowd", "/inbox");
    await page.getByTestId("card").waitFor();
    const tasks = await tasksOf(page, async () => {
      for (let n = 0; n < 20; n++) await page.keyboard.press("j");
      await page.locator("[data-testid=inbox-row][aria-current]").and(page.getByTestId("inbox-row").nth(20)).waitFor();
      await page.locator("[data-testid=approve]:enabled").waitFor();
    });
    const rows = await page.getByTestId("inbox-row").count();
    expect(rows).toBeLessThanOrEqual(120);
    expect(await page.getByText("1000 waiting").count()).toBe(1);
    note(tasks, "1,000 holds: J twenty times", rows);
  });
});

describe("with a hundred thousand entries", () => {
  it("activity has few rows however far one goes back", async () => {
    const page = await open("crowd", "/activity");
    await page.getByTestId("activity-row").first().waitFor();
    await page.locator("[data-testid=bars] svg").waitFor();
    await page.evaluate(watchRows);
    const tasks = await tasksOf(page, async () => {
      for (let n = 0; n < 8; n++) {
        const last = await page.getByTestId("activity-row").last().getAttribute("data-seq");
        await page.getByTestId("older").click();
        await page.locator(`[data-seq="${Number(last) - A_PAGE}"]`).waitFor();
      }
    });
    const { most, drawings } = await page.evaluate(() => (window as unknown as { rows: Rows }).rows);
    expect(most).toBeGreaterThan(0);
    expect(most, "rows drawn in one go").toBeLessThanOrEqual(A_PAGE);
    expect(drawings, "the chart is not drawn anew for older calls").toBe(0);
    const rows = await page.getByTestId("activity-row").count();
    expect(rows).toBeLessThanOrEqual(MOST_ROWS);
    note(tasks, "100,000 entries: eight pages back", rows);
  });
});

describe("when nothing happens", () => {
  it.each(["/inbox", "/activity", "/policies", "/agents", "/upstreams", "/grants", "/security", "/settings"])("no timer of ours runs, %s", async (address) => {
    const page = await open("empty", address, true);
    await page.locator("h1").first().waitFor();
    await page.clock.runFor(5_000);
    await forget(page);
    // Four minutes by the page's own clock, however busy the machine is: whatever repeats would run. What was read and is
    // no longer looked at is let go once, after five.
    await page.clock.runFor(240_000);
    const { timers } = await seen(page);
    figures.push(`${`idle for four minutes, ${address}`.padEnd(46)} ${timers.length} timers`);
    expect(timers).toEqual([]);
  });
});
