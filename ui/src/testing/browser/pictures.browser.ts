/**
 * Every screen beside its stored picture in `ui/pictures`, light and dark, small and large. A picture that differs by
 * more than the tolerance is left in `ui/screenshots/differs`, with what differs in red. After a change that is meant,
 * and looked at: `npm run pictures` writes them anew.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pixelmatch from "pixelmatch";
import type { Browser } from "playwright-core";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { smallPng } from "../../../scripts/palette.mjs";
import { recolour, SHOTS, SIZES, takePlace, THEMES } from "../../../scripts/shots.mjs";
import { launch, serve } from "../../../scripts/site.mjs";
import { KEPT } from "../../../scripts/kept.mjs";

const STORED = fileURLToPath(new URL("../../../pictures", import.meta.url));
const DIFFERS = fileURLToPath(new URL("../../../screenshots/differs", import.meta.url));
/** Of all pixels: what another version of the browser may draw otherwise at the edges of letters. */
const TOLERANCE = 0.01;
/** Of all stored pictures together. */
const LARGEST = 15 * 1024 * 1024;
/** `write` takes all pictures anew, `missing` those that are not there. */
const MODE = process.env["DOORWARD_PICTURES"];
const WRITE = MODE === "write" || MODE === "missing";

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

describe("every screen", () => {
  it.each(kept)("%s looks as its picture", async (...shot) => {
    const problems: string[] = [];
    for (const viewport of SIZES) {
      const fileOf = (theme: string): string => `${shot[0]}-${theme}-${viewport.width}.png`;
      if (MODE === "missing" && THEMES.every((theme) => existsSync(`${STORED}/${fileOf(theme)}`))) continue;
      const [first = "light"] = THEMES;
      const { page, context } = await takePlace(browser, site, shot, first, viewport, (text) => { problems.push(`${fileOf("any")}: ${text}`); });
      for (const theme of THEMES) {
        if (theme !== first) await recolour(page, theme);
        // The caret blinks by the system's clock, and bars of scrolling fade.
        const taken = await page.screenshot({ animations: "disabled", caret: "hide" });
        const problem = WRITE ? store(fileOf(theme), taken) : compared(fileOf(theme), taken);
        if (problem !== null) problems.push(problem);
      }
      await context.close();
    }
    expect(problems).toEqual([]);
  }, 120_000);

  it.skipIf(WRITE)("has a picture, and no picture is of something that is gone", () => {
    expect(kept.map(([name]) => name)).toEqual(KEPT.filter((name) => SHOTS.some(([shot]) => shot === name)));
    expect(KEPT.filter((name) => !kept.some(([shot]) => shot === name))).toEqual([]);
    const wanted = kept.flatMap(([name]) => SIZES.flatMap(({ width }) => THEMES.map((theme) => `${name}-${theme}-${width}.png`)));
    expect(pictures().sort()).toEqual(wanted.sort());
  });

  it("takes little room", () => {
    const bytes = pictures().reduce((sum, file) => sum + statSync(`${STORED}/${file}`).size, 0);
    expect(bytes).toBeLessThan(LARGEST);
  });
});

function pictures(): string[] {
  return readdirSync(STORED).filter((file) => file.endsWith(".png"));
}

function store(file: string, taken: Buffer): null {
  writeFileSync(`${STORED}/${file}`, smallPng(PNG.sync.read(taken)));
  return null;
}

function compared(file: string, taken: Buffer): string | null {
  const path = `${STORED}/${file}`;
  if (!existsSync(path)) return `${file}: there is no stored picture; look at the screen, then run \`npm run pictures\``;
  const [before, now] = [PNG.sync.read(readFileSync(path)), PNG.sync.read(taken)];
  const { width, height } = before;
  if (width !== now.width || height !== now.height) return `${file}: it is ${now.width}×${now.height}, the picture ${width}×${height}`;
  const red = new PNG({ width, height });
  const share = pixelmatch(before.data, now.data, red.data, width, height, { threshold: 0.15 }) / (width * height);
  if (share <= TOLERANCE) return null;
  writeFileSync(`${DIFFERS}/${file}`, PNG.sync.write(red));
  writeFileSync(`${DIFFERS}/now-${file}`, taken);
  return `${file}: ${(share * 100).toFixed(2)} % of it differs`;
}
