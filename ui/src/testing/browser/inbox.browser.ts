/** What only a real layout can show: buttons that stay, a guarded Approve, keys, focus, responsiveness. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, serve } from "../../../scripts/site.mjs";

const SMALL = { width: 900, height: 600 };

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  [browser, site] = await Promise.all([launch(), serve()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function inInbox(scenario: string, viewport: { width: number; height: number }, test: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  await page.goto(`${site.url}?scenario=${scenario}#/inbox`);
  await page.getByTestId("card").waitFor();
  await test(page);
  await context.close();
}

const placeOf = async (page: Page, testId: string) => {
  const box = await page.getByTestId(testId).boundingBox();
  if (box === null) throw new Error(`${testId} is not on screen`);
  return box;
};
const enabled = (page: Page) => page.locator("[data-testid=approve]:enabled").waitFor();

describe("the card in a small window", () => {
  it.each(["full", "hostile"])("keeps its footer in view, %s", async (scenario) => {
    await inInbox(scenario, SMALL, async (page) => {
      const approve = await placeOf(page, "approve");
      const reject = await placeOf(page, "reject");
      expect(approve.y + approve.height).toBeLessThanOrEqual(SMALL.height);
      expect(approve.x + approve.width).toBeLessThanOrEqual(SMALL.width);
      expect(reject.x + reject.width).toBeLessThan(approve.x);
    });
  });

  it("folds the list into a drawer that still has its keys", async () => {
    await inInbox("full", SMALL, async (page) => {
      await page.getByTestId("open-list").click();
      await page.getByTestId("inbox-row").first().waitFor();
      await page.keyboard.press("j");
      await page.locator("[data-testid=inbox-row][aria-current]").filter({ hasText: "delete_customer" }).waitFor();
      await page.getByTestId("inbox-row").nth(2).click();
      await page.getByTestId("inbox-row").first().waitFor({ state: "hidden" });
      expect(await page.getByTestId("card").textContent()).toContain("filesystem/write_file");
    });
  });
});

describe("the buttons", () => {
  it("stay where they are when values unfold, the reject form opens and another card comes", async () => {
    await inInbox("full", { width: 1440, height: 900 }, async (page) => {
      const bottomRight = async () => {
        const { x, y, width, height } = await placeOf(page, "approve");
        return [x + width, y + height];
      };
      const before = await bottomRight();
      const reject = await placeOf(page, "reject");
      await page.getByRole("button", { name: /show all/ }).click();
      expect(await bottomRight()).toEqual(before);
      await page.keyboard.press("r");
      await page.getByTestId("reject-form").waitFor();
      expect(await bottomRight()).toEqual(before);
      expect(await placeOf(page, "reject")).toEqual(reject);
      await page.keyboard.press("Escape");
      await page.keyboard.press("j");
      expect(await bottomRight()).toEqual(before);
      expect(await placeOf(page, "reject")).toEqual(reject);
    });
  });

  it("give the focus back after the reject form closes", async () => {
    await inInbox("full", SMALL, async (page) => {
      await enabled(page);
      await page.getByTestId("reject").click();
      expect(await page.getByTestId("reject-reason").evaluate((element) => element === document.activeElement)).toBe(true);
      await page.keyboard.press("Escape");
      expect(await page.getByTestId("reject").evaluate((element) => element === document.activeElement)).toBe(true);
    });
  });

  it("leave a double click on Approve with one vote", async () => {
    await inInbox("full", { width: 1440, height: 900 }, async (page) => {
      await enabled(page);
      await page.getByTestId("approve").dblclick();
      await page.getByTestId("decided").waitFor();
      expect(await page.getByTestId("inbox-row").count()).toBe(3);
    });
  });

  it("take a whole session of keys: approve, reject with a reason, move", async () => {
    await inInbox("full", { width: 1440, height: 900 }, async (page) => {
      await enabled(page);
      await page.keyboard.press("a");
      await page.locator("[data-testid=card]").filter({ hasText: "practice/delete_customer" }).waitFor();
      await enabled(page);
      await page.keyboard.press("r");
      await page.keyboard.type("a just not now");
      await page.keyboard.press("Enter");
      await page.locator("[data-testid=card]").filter({ hasText: "filesystem/write_file" }).waitFor();
      expect(await page.getByTestId("inbox-row").count()).toBe(2);
      const receipts = await page.getByTestId("receipt").allTextContents();
      expect(receipts.some((text) => text.includes("create_expense approved in the window"))).toBe(true);
      expect(receipts.some((text) => text.includes("delete_customer rejected in the window"))).toBe(true);
    });
  });
});

describe("a hostile card", () => {
  it("runs nothing, hides nothing, and unfolds a megabyte in portions without blocking", async () => {
    await inInbox("hostile", { width: 1440, height: 900 }, async (page) => {
      let dialogs = 0;
      page.on("dialog", (dialog) => { dialogs += 1; void dialog.dismiss(); });
      expect(await page.locator("img, script:not([src]), iframe").count()).toBe(0);
      expect(await page.getByTestId("argument").count()).toBe(200);
      const more = page.getByRole("button", { name: /show the first 50,000 of/ });
      const began = Date.now();
      await more.click();
      await page.getByRole("button", { name: /show the first 100,000 of/ }).waitFor();
      expect(Date.now() - began).toBeLessThan(2000);
      expect(dialogs).toBe(0);
    });
  });
});
