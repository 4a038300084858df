/**
 * Every screen in a real browser, on the built site with the content security policy of the window: no accessibility
 * violation, nothing wider than the window, nothing blocked by the policy.
 */
import AxeBuilder from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launch, serve } from "../../../scripts/site.mjs";

const SIZES = [{ width: 1440, height: 900 }, { width: 900, height: 600 }] as const;
const SCREENS = [
  "/inbox", "/activity", "/policies", "/builder", "/builder?id=large-expenses", "/flows", "/flows?flow=finance", "/grants", "/agents", "/upstreams", "/security",
  "/settings", "/activity?view=table", "/people", "/packs", "/packs?pack=git", "/what-if",
] as const;
const SCENARIOS = ["full", "empty", "hostile"] as const;
/** What is the same on every screen is looked at on one. */
const CASES = [
  ...SCREENS.flatMap((address) => SCENARIOS.map((scenario) => [address, scenario] as const)),
  ["/inbox", "off"], ["/policies", "broken"],
] as const;

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;
let context: BrowserContext | null = null;
let problems: string[] = [];

beforeAll(async () => {
  [browser, site] = await Promise.all([launch(), serve()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
afterEach(async () => {
  await context?.close();
  context = null;
});

async function open(address: string, scenario: string, theme: "light" | "dark", viewport: { width: number; height: number } = SIZES[0]): Promise<Page> {
  context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: "reduce" });
  const page = await context.newPage();
  problems = [];
  page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
  page.on("pageerror", (error) => { problems.push(error.message); });
  await page.goto(`${site.url}?scenario=${scenario}&theme=${theme}#${address}`);
  await page.locator("nav").waitFor();
  await page.waitForTimeout(100);
  return page;
}

async function expectFits(page: Page): Promise<void> {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBe(0);
  expect(problems).toEqual([]);
}

/** `but` names rules that do not fit what is looked at. */
async function expectSound(page: Page, ...but: string[]): Promise<void> {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).disableRules(but).analyze();
  expect(violations.map(({ id, impact, nodes }) => `${impact ?? ""} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).slice(0, 3).join(" | ")}`)).toEqual([]);
  await expectFits(page);
}

describe.each(["light", "dark"] as const)("in %s colours", (theme) => {
  it.each(CASES)("%s is accessible and fits, %s", async (address, scenario) => {
    const [looked, measured] = theme === "light" ? SIZES : [SIZES[1], SIZES[0]];
    const page = await open(address, scenario, theme, looked);
    await expectSound(page);
    await page.setViewportSize(measured);
    await expectFits(page);
  });

  it("dialogs and forms are accessible too", async () => {
    const page = await open("/upstreams", "full", theme);
    await page.getByTestId("add-upstream").click();
    await page.getByTestId("upstream-command").fill("npx server '/a b'");
    await expectSound(page);
    await page.keyboard.press("Escape");
    await page.getByTestId("remove-crm").click();
    await expectSound(page);
  });

  it("a new agent's token is accessible too", async () => {
    const page = await open("/agents", "full", theme);
    await page.getByTestId("add-agent").click();
    await page.getByTestId("agent-name").fill("zed");
    await expectSound(page);
    await page.getByTestId("agent-save").click();
    await expectSound(page);
  });

  it("accepting another program and changing a wait limit are accessible too", async () => {
    const page = await open("/agents", "full", theme, SIZES[1]);
    await page.getByTestId("accept-program").click();
    await expectSound(page);
    await page.keyboard.press("Escape");
    await page.getByTestId("wait-codex").click();
    await expectSound(page);
  });

  it("a shortened path is whole for the pointer and for the keyboard, and fits", async () => {
    const page = await open("/agents", "full", theme, SIZES[1]);
    const path = page.getByTestId("short-path");
    const clip = () => path.locator("> code").last().evaluate((whole) => getComputedStyle(whole).clipPath);
    expect(await clip()).toBe("inset(50%)");
    await path.hover();
    expect(await clip()).toBe("none");
    await page.mouse.move(0, 0);
    expect(await clip()).toBe("inset(50%)");
    await page.getByTestId("remove-codex").focus();
    await page.keyboard.press("Tab");
    expect(await clip()).toBe("none");
    await expectSound(page);
  });

  it("the reject form, the list in its drawer, the keys and the outcome are accessible too", async () => {
    const page = await open("/inbox", "full", theme, SIZES[1]);
    await page.getByTestId("approve").isEnabled();
    await page.waitForTimeout(800);
    await page.getByTestId("reject").click();
    await expectSound(page);
    await page.keyboard.press("Escape");
    await page.getByTestId("open-list").click();
    await expectSound(page);
    await page.keyboard.press("Escape");
    await page.getByTestId("help").click();
    await expectSound(page);
    await page.keyboard.press("Escape");
    await page.getByTestId("approve").click();
    await page.getByTestId("decided").waitFor();
    await expectSound(page);
  });

  it("the forms on a card are accessible too: edited arguments, a grant", async () => {
    const page = await open("/inbox", "full", theme);
    await page.waitForTimeout(900);
    await page.getByTestId("edit").click();
    await page.getByTestId("edit-amount").fill("4,999");
    await expectSound(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.getByTestId("grant-lasting").waitFor();
    await expectSound(page);
  });

  it("open filters, counts as numbers and the export are accessible too", async () => {
    const page = await open("/activity", "full", theme);
    await page.getByTestId("more-filters").click();
    await page.getByTestId("as-numbers").click();
    await expectSound(page);
    await page.getByTestId("export").click();
    await page.getByTestId("export-go").click();
    await page.getByTestId("exported").waitFor();
    await expectSound(page);
  });

  it("menus, the enrolment of a passkey and the log are accessible too", async () => {
    const page = await open("/policies", "full", theme, SIZES[1]);
    // An open menu floats outside of the landmarks.
    await page.getByTestId("appearance").click();
    await page.getByRole("menu").waitFor();
    await expectSound(page, "region");
    await page.keyboard.press("Escape");
    await page.getByTestId("more-payments").click();
    await page.getByRole("menu").waitFor();
    await expectSound(page, "region");
    await page.keyboard.press("Escape");
    await page.getByTestId("nav-security").click();
    await page.getByTestId("enrol").click();
    await expectSound(page);
    await page.keyboard.press("Escape");
    await page.getByTestId("nav-settings").click();
    await page.getByTestId("port").fill("80");
    await page.getByTestId("port-save").click();
    await page.getByTestId("failure").waitFor();
    await expectSound(page);
    await page.getByTestId("open-log").click();
    await page.getByTestId("log-lines").waitFor();
    await expectSound(page);
  });

  it("a draft that is tried is accessible too", async () => {
    const page = await open("/builder?id=large-expenses", "full", theme);
    await page.getByTestId("try-call").click();
    await page.getByTestId("try-now").click();
    await page.getByTestId("try-outcome").waitFor();
    await expectSound(page);
  });

  it("an opened call is accessible too", async () => {
    const page = await open("/activity", "hostile", theme);
    await page.getByTestId("activity-row").first().click();
    await page.getByTestId("trace").waitFor();
    await expectSound(page);
  });
});
