/** Photographs every screen: light and dark, large and small, in each scenario. Look at them before calling a change done. */
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { OPENING, SHOTS, SIZES, takePlace, THEMES } from "./shots.mjs";
import { launch, serve } from "./site.mjs";

const FOLDER = fileURLToPath(new URL("../screenshots", import.meta.url));
const only = process.argv.slice(2);
const site = await serve();
const browser = await launch();
if (only.length === 0) await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
let failed = 0;
for (const shot of SHOTS) {
  const [name] = shot;
  if (only.length > 0 && !only.includes(name)) continue;
  for (const viewport of name.startsWith("inbox") ? [...SIZES, OPENING] : SIZES) {
    for (const theme of THEMES) {
      const file = `${name}-${theme}-${viewport.width}.png`;
      const complain = (text) => { failed += 1; console.error(`${file}: ${text}`); };
      try {
        const { page, context } = await takePlace(browser, site, shot, theme, viewport, complain);
        await page.screenshot({ path: `${FOLDER}/${file}` });
        await context.close();
      } catch (error) {
        complain(error.message.split("\n")[0]);
      }
    }
  }
}
await browser.close();
await site.close();
console.log(`pictures in ${FOLDER}${failed > 0 ? `, ${failed} problems` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
