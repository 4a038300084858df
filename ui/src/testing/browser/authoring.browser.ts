/** Writing policies in a real browser: typing that nothing holds up, drags by mouse, and lists that are long. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, serve } from "../../../scripts/site.mjs";
import { longestTask } from "./longest-task";

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  [browser, site] = await Promise.all([launch(), serve()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function at(address: string, scenario: string, test: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${site.url}?scenario=${scenario}#${address}`);
  await test(page);
  await context.close();
}

/** Forty rows in five groups, as a draft that was kept. */
function keepLargeDraft(): void {
  const row = (index: number) => index % 2 === 0
    ? { kind: "row", attribute: "amount", each: null, operator: "greater", negated: false, ignore_case: false, values: [{ kind: "number", text: `${index}` }] }
    : { kind: "row", attribute: "user.role", each: null, operator: "equals", negated: false, ignore_case: false, values: [{ kind: "text", text: `role-${index}` }] };
  const group = (_: unknown, at: number) => ({ kind: "group", joined: "any", negated: false, parts: Array.from({ length: 8 }, (__, index) => row(at * 8 + index)) });
  const draft = {
    id: "large-expenses", base: "name = \"Large expenses need finance\"\n", name: "Large", description: "", mode: "enforce", trust_claims: false,
    tools: ["expenses/create_expense"], users: [], roles: [], agents: [], contexts: [], when: "",
    action: { kind: "deny", flow: null, method: null, max_age: null, message: null },
    tree: { kind: "group", joined: "all", negated: false, parts: Array.from({ length: 5 }, group) },
  };
  localStorage.setItem("doorward-draft:policy:large-expenses", JSON.stringify({ draft, at: Date.now() }));
}

/** How often the backtest began anew, in `window.runs`. */
function countRuns(): void {
  const effect = document.querySelector("[data-testid=effect]");
  const seen = window as unknown as { runs: number };
  seen.runs = 0;
  if (effect === null) return;
  new MutationObserver(() => { if (effect.hasAttribute("data-running")) seen.runs += 1; }).observe(effect, { attributeFilter: ["data-running"] });
}

describe("typing", () => {
  it.each([
    ["a name", "[data-testid=draft-name]", " and everything else"],
    ["a value", "[data-testid=value] >> nth=0", "123456789"],
    ["text", ".cm-content", " && amount < 90000"],
  ])("%s is never held up for 50 ms, with forty rows, while a hundred thousand calls are looked at", async (what, field, typed) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript(keepLargeDraft);
    await page.goto(`${site.url}?scenario=many#/builder?id=large-expenses`);
    await page.getByTestId("effect").getByText("100,000 calls that could match").waitFor();
    expect(await page.getByTestId("condition-row").count()).toBe(40);
    await page.locator(field).click();
    await page.keyboard.press("Control+End");
    await page.evaluate(countRuns);
    const longest = await longestTask(browser, page, async () => {
      await page.keyboard.type(typed, { delay: 40 });
      await page.locator("[data-testid=sentence]:not([data-old])").waitFor();
      // What the fake host cannot read has no effect; that it is read is Rust's, and shown there.
      if (field !== ".cm-content") await page.waitForFunction(() => (window as unknown as { runs: number }).runs > 0);
      await page.locator("[data-testid=effect]:not([data-running])").waitFor();
    });
    console.log(`typing ${what}: longest task ${longest.toFixed(1)} ms of work`);
    expect(longest).toBeLessThan(50);
    await context.close();
  });
});

describe("a thousand policies", () => {
  it("are on screen at once, and any of them is found", async () => {
    await at("/policies", "many", async (page) => {
      await page.getByTestId("policy-row").first().waitFor();
      expect(await page.getByTestId("policy-row").count()).toBe(60);
      const began = Date.now();
      await page.getByTestId("policy-search").fill("policy 987 of");
      await page.locator("[data-policy=policy-987]").waitFor();
      expect(Date.now() - began).toBeLessThan(1500);
    });
  });
});

describe("the stages of a flow", () => {
  it("are put into another order by dragging one by its handle", async () => {
    await at("/flows?flow=finance", "full", async (page) => {
      const grips = page.getByTestId("stage-grip");
      await grips.first().waitFor();
      const last = await page.getByTestId("stage").last().boundingBox();
      const grip = await grips.first().boundingBox();
      if (last === null || grip === null) throw new Error("no stages");
      await page.mouse.move(grip.x + 8, grip.y + 8);
      await page.mouse.down();
      await page.mouse.move(grip.x + 8, last.y + last.height - 6, { steps: 8 });
      await page.mouse.up();
      await page.getByText("Stage 1 is stage 2 now.").waitFor({ state: "attached" });
      expect(await page.getByTestId("stage").first().getByText("ana", { exact: true }).count()).toBeGreaterThan(0);
    });
  });
});
