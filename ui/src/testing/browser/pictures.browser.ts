/**
 * Every screen beside its stored picture in `ui/pictures`, light and dark, small and large. It gets the time it needs to
 * look so; what never does is left in `ui/screenshots/differs`, with what differs in red. After a change that is meant,
 * and looked at: `npm run pictures` writes them anew.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEPT } from "../../../scripts/kept.mjs";
import { smallPng } from "../../../scripts/palette.mjs";
import { breathe, recolour, resize, SHOTS, SIZES, takePlace, THEMES } from "../../../scripts/shots.mjs";
import { launch, serve } from "../../../scripts/site.mjs";
import { compared, MOST } from "./alike";

const STORED = fileURLToPath(new URL("../../../pictures", import.meta.url));
const DIFFERS = fileURLToPath(new URL("../../../screenshots/differs", import.meta.url));
/** Of all stored pictures together. */
const LARGEST = 15 * 1024 * 1024;
/** `write` takes all pictures anew, `missing` those that are not there. */
const MODE = process.env["DOORWARD_PICTURES"];
const WRITE = MODE === "write" || MODE === "missing";
/** A busy machine draws late, and what is wrong stays wrong. */
const PATIENCE = 10_000;
const [THEME = "light"] = THEMES;
const [LARGE = { width: 1440, height: 900 }, SMALL = LARGE] = SIZES;

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  [browser, site] = await Promise.all([launch(), serve()]);
  if (!WRITE) rmSync(DIFFERS, { recursive: true, force: true });
  mkdirSync(WRITE ? STORED : DIFFERS, { recursive: true });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

const kept = SHOTS.filter(([name]) => KEPT.includes(name));
const fileOf = (name: string, theme: string, width: number): string => `${name}-${theme}-${width}.png`;
// The caret blinks by the system's clock, and bars of scrolling fade.
const take = async (page: Page): Promise<PNG> => PNG.sync.read(await page.screenshot({ animations: "disabled", caret: "hide" }));

describe.concurrent("every screen", () => {
  it.for(kept)("%s looks as its picture", { timeout: 180_000 }, async (shot, { expect }) => {
    const [name] = shot;
    if (MODE === "missing" && SIZES.every(({ width }) => THEMES.every((theme) => existsSync(`${STORED}/${fileOf(name, theme, width)}`)))) return;
    const problems: string[] = [];
    const { page, context } = await takePlace(browser, site, shot, THEME, LARGE, (text) => { problems.push(text); });
    for (const theme of THEMES) {
      if (theme !== THEME) await recolour(page, theme);
      for (const viewport of SIZES) {
        await resize(page, viewport);
        const file = fileOf(name, theme, viewport.width);
        const problem = WRITE ? await store(page, file) : await look(page, file);
        if (problem !== null) problems.push(problem);
      }
    }
    await context.close();
    expect(problems).toEqual([]);
  });
});

describe("the stored pictures", () => {
  it.skipIf(WRITE)("are there, and none is of something that is gone", () => {
    expect(KEPT.filter((name) => !kept.some(([shot]) => shot === name))).toEqual([]);
    const wanted = kept.flatMap(([name]) => SIZES.flatMap(({ width }) => THEMES.map((theme) => fileOf(name, theme, width))));
    expect(pictures().sort()).toEqual(wanted.sort());
  });

  it("take little room", () => {
    const bytes = pictures().reduce((sum, file) => sum + statSync(`${STORED}/${file}`).size, 0);
    expect(bytes).toBeLessThan(LARGEST);
  });

  it("show when a control has moved by four pixels, and tell nothing of smoothed edges", async () => {
    const shot = SHOTS.find(([name]) => name === "settings");
    if (shot === undefined) throw new Error("no shot of the settings");
    const { page, context } = await takePlace(browser, site, shot, THEME, SMALL, () => undefined);
    const before = await still(page);
    for (const control of ["nav-policies", "open-palette", "default-action", "port-save"]) {
      const moved = page.getByTestId(control);
      await moved.evaluate((element) => { element.style.translate = "4px 0"; });
      expect(compared(before, await take(page)).worst, control).toBeGreaterThan(MOST);
      await moved.evaluate((element) => { element.style.translate = ""; });
      expect(compared(before, await take(page)).worst).toBe(0);
    }
    const softened = PNG.sync.read(PNG.sync.write(before));
    // Each pixel a little towards the one beside it, as another smoothing of edges would.
    for (let at = 4; at < softened.data.length; at++) softened.data[at] = ((before.data[at] ?? 0) * 9 + (before.data[at - 4] ?? 0)) / 10;
    expect(compared(before, softened).worst).toBeLessThanOrEqual(MOST);
    await context.close();
  });
});

function pictures(): string[] {
  return readdirSync(STORED).filter((file) => file.endsWith(".png"));
}

/** Drawn to its end: two pictures in a row are the same. */
async function still(page: Page): Promise<PNG> {
  let before = await take(page);
  for (let nth = 0; ; nth++) {
    await breathe(page, nth);
    const now = await take(page);
    if (now.data.equals(before.data)) return now;
    before = now;
  }
}

async function store(page: Page, file: string): Promise<null> {
  writeFileSync(`${STORED}/${file}`, smallPng(await still(page)));
  return null;
}

async function look(page: Page, file: string): Promise<string | null> {
  const path = `${STORED}/${file}`;
  if (!existsSync(path)) return `${file}: there is no stored picture; look at the screen, then run \`npm run pictures\``;
  const before = PNG.sync.read(readFileSync(path));
  for (let nth = 0, limit = Date.now() + PATIENCE; ; nth++) {
    const now = await take(page);
    const { worst, at, red } = compared(before, now);
    if (worst <= MOST) return null;
    if (Date.now() > limit) {
      writeFileSync(`${DIFFERS}/${file}`, PNG.sync.write(red));
      writeFileSync(`${DIFFERS}/now-${file}`, PNG.sync.write(now));
      return `${file}: it differs most at ${at}`;
    }
    await breathe(page, nth);
  }
}
