/** What an approver opens beside the inbox, in a real browser: no accessibility violation, nothing wider than the window. */
import AxeBuilder from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, serve } from "../../../scripts/site.mjs";

const SMALL = { width: 900, height: 600 };
const APPROVAL = { width: 560, height: 640 };

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  [browser, site] = await Promise.all([launch(), serve()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function at(address: string, theme: "light" | "dark", viewport: { width: number; height: number }, test: (page: Page) => Promise<void>) {
  const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${site.url}?theme=${theme}&${address}`);
  await page.getByTestId("card").waitFor();
  await page.locator("[data-testid=approve]:enabled").waitFor();
  await test(page);
  await context.close();
}

async function expectSound(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).slice(0, 3).join(" | ")}`)).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBe(0);
}

describe.each(["light", "dark"] as const)("in %s colours", (theme) => {
  it.each(["full", "hostile", "burst"])("the approval window is accessible and fits, %s", async (scenario) => {
    await at(`window=approval&scenario=${scenario}`, theme, APPROVAL, async (page) => {
      await expectSound(page);
      await page.keyboard.press("r");
      await page.getByTestId("reject-form").waitFor();
      await expectSound(page);
    });
  });

  it("calls answered together, and what came of them", async () => {
    await at("scenario=burst#/inbox", theme, SMALL, async (page) => {
      await page.keyboard.press("b");
      await page.locator("[data-testid=approve-together]:enabled").waitFor();
      await expectSound(page);
      await page.getByTestId("approve-together").click();
      await page.getByTestId("votes-cast").waitFor();
      await expectSound(page);
    });
  });

  it("the command palette, by keyboard alone", async () => {
    await at("scenario=full#/inbox", theme, SMALL, async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByTestId("palette-search").waitFor();
      await expectSound(page);
      await page.keyboard.type("go gr");
      await page.keyboard.press("Enter");
      await page.locator("[data-testid=nav-grants][aria-current=page]").waitFor();
      await page.keyboard.press("Control+k");
      await page.keyboard.press("Escape");
      await page.getByTestId("palette-search").waitFor({ state: "hidden" });
    });
  });

  it("what changed, opened", async () => {
    await at("scenario=full#/inbox", theme, SMALL, async (page) => {
      await page.getByRole("button", { name: "Show what changed" }).click();
      await expectSound(page);
    });
  });
});
