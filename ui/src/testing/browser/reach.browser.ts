/**
 * Every screen without a mouse and without eyes: Tab comes to each control once, in the order in which they stand, and
 * each is then in sight with a mark around it; each has a name and a role, and is large enough to be hit. Landmarks,
 * names and roles are those of the stored lists in `ui/pictures/roles`, which a screen reader would read.
 */
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { NOW } from "../../../scripts/shots.mjs";
import { launch, serve } from "../../../scripts/site.mjs";

const SCREENS = [
  "/inbox", "/activity", "/activity?view=table", "/policies", "/builder?id=large-expenses", "/flows", "/flows?flow=finance", "/grants", "/agents",
  "/upstreams", "/people", "/packs", "/what-if", "/security", "/settings",
] as const;
const SMALL = { width: 900, height: 600 };
const ROLES = fileURLToPath(new URL("../../../pictures/roles", import.meta.url));

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;
let context: BrowserContext | null = null;

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

async function open(address: string): Promise<Page> {
  context = await browser.newContext({ viewport: SMALL, reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB" });
  const page = await context.newPage();
  await page.clock.install({ time: NOW });
  await page.goto(`${site.url}?scenario=full#${address}`);
  await page.locator("h1").first().waitFor();
  await page.clock.runFor(1500);
  if (address === "/activity") await page.locator("[data-testid=bars] svg").waitFor();
  return page;
}

type Stop = { what: string; name: string; inSight: boolean; marked: boolean; large: boolean; index: number };

/** What has the focus, or null where that is the page. Runs in the page. */
function stop(): Stop | null {
  const element = document.activeElement;
  if (!(element instanceof HTMLElement) || element === document.body) return null;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const within = (at: number, end: number): number => Math.min(Math.max(at, 0), end - 1);
  const [x, y] = [within(box.left + box.width / 2, innerWidth), within(box.top + Math.min(box.height, 24) / 2, innerHeight)];
  const middle = document.elementFromPoint(x, y);
  // What stands in for a control that is drawn by its label.
  const drawn = element instanceof HTMLInputElement && (element.type === "radio" || element.type === "checkbox")
    ? (element.closest("label, div") ?? element).getBoundingClientRect()
    : box;
  // A mark may be drawn by the frame around an editor, or by the label that stands for a control.
  const labelled = element.id === "" ? [] : document.querySelectorAll(`label[for="${CSS.escape(element.id)}"]`);
  const frames = [element.parentElement, element.closest(".cm-editor"), ...labelled];
  const around = [element, ...frames.filter((frame) => frame !== null)];
  const name = element.getAttribute("aria-label")
    ?? (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim();
  const labels = "labels" in element ? [...(element as HTMLInputElement).labels ?? []].map((label) => label.textContent).join(" ") : "";
  const own = (name || labels || element.textContent || element.getAttribute("title") || element.getAttribute("placeholder") || "").trim();
  return {
    what: `${element.tagName.toLowerCase()} ${element.dataset["testid"] ?? ""} “${own.slice(0, 40)}”`,
    name: own,
    inSight: box.bottom > 0 && box.top < innerHeight && middle !== null
      && (element.contains(middle) || middle.contains(element) || around.some((one) => one.contains(middle))),
    marked: around.some((one) => {
      const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(one);
      return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none" || borderColor === getComputedStyle(document.documentElement).getPropertyValue("--accent");
    }),
    // A link in a sentence is as high as its line (2.5.8, inline).
    large: style.display === "inline" || (drawn.width >= 24 && drawn.height >= 24) || (drawn.width >= 20 && drawn.height >= 20 && element.closest("dd, p, li, span") !== null),
    index: [...document.querySelectorAll("*")].indexOf(element),
  };
}

/** What can be reached, by its place in the page. Runs in the page. */
function reachable(): string[] {
  const found = [...document.querySelectorAll<HTMLElement>("a[href], button, input, select, textarea, summary, [tabindex='0'], [contenteditable=true]")];
  const radios = new Set<string>();
  return found.filter((element) => {
    if (element.matches(":disabled, [tabindex='-1'], [data-disabled]") || element.closest("[inert], [aria-hidden=true]") !== null) return false;
    if (!element.checkVisibility({ visibilityProperty: true })) return false;
    if (element instanceof HTMLInputElement && element.type === "radio") {
      // Arrows move within a group; Tab comes to the group once.
      if (radios.has(element.name)) return false;
      radios.add(element.name);
    }
    return true;
  }).map((element) => `${element.tagName.toLowerCase()} ${element.dataset["testid"] ?? ""} ${(element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 40)}`);
}

describe("by keyboard alone", () => {
  it.each(SCREENS)("each control is reached, in order, in sight and marked, %s", async (address) => {
    const page = await open(address);
    const wanted = await page.evaluate(reachable);
    // Some screens begin with the focus in them: to the end first.
    for (let presses = 0; presses < wanted.length + 40 && await page.evaluate(stop) !== null; presses++) await page.keyboard.press("Tab");
    const stops: Stop[] = [];
    for (let presses = 0; presses < wanted.length + 40; presses++) {
      await page.keyboard.press("Tab");
      const here = await page.evaluate(stop);
      if (here === null) {
        if (stops.length > 0) break;
        continue;
      }
      if (stops.length > 0 && here.index === stops[0]?.index) break;
      // Inside an editor Tab may stay; Escape lets go of it.
      if (here.index === stops.at(-1)?.index) {
        await page.keyboard.press("Escape");
        continue;
      }
      stops.push(here);
    }
    expect(stops.length, `${stops.map(({ what }) => what).join("\n")}\nwanted:\n${wanted.join("\n")}`).toBeGreaterThanOrEqual(wanted.length);
    const wrong = (fits: (one: Stop) => boolean): string[] => stops.filter((one) => !fits(one)).map(({ what }) => what);
    expect(wrong(({ name }) => name !== ""), "have no name").toEqual([]);
    expect(wrong(({ inSight }) => inSight), "are not in sight").toEqual([]);
    expect(wrong(({ marked }) => marked), "have no mark around them").toEqual([]);
    expect(wrong(({ large }) => large), "are smaller than 24 pixels").toEqual([]);
    const order = stops.map(({ index }) => index);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }, 120_000);
});

describe("for a screen reader", () => {
  it.each(SCREENS)("landmarks, roles and names are those of the stored list, %s", async (address) => {
    const page = await open(address);
    const said = await page.locator("body").ariaSnapshot();
    const file = `${address.slice(1).replace(/[?=&]/g, "-")}.yml`;
    await expect(`${said}\n`).toMatchFileSnapshot(`${ROLES}/${file}`);
    expect(said).toContain("navigation \"Screens\"");
    expect(said).toContain("- main");
    expect(said).toMatch(/heading ".+" \[level=1\]/);
  });
});
