/** Writing policies in a real browser: drags by mouse, and lists that are long. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, serve } from "../../../scripts/site.mjs";

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
