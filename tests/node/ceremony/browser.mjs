// Chromium with passkeys that can be changed, driven by lines of JSON on standard input; one line answers each.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const fromUi = createRequire(new URL("../../../ui/package.json", import.meta.url));
const { chromium } = fromUi("playwright-core");
const { default: AxeBuilder } = fromUi("@axe-core/playwright");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
  ],
});
const context = await browser.newContext({ viewport: { width: 760, height: 720 }, reducedMotion: "reduce" });
const page = await context.newPage();
const problems = [];
page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
page.on("pageerror", (error) => problems.push(error.message));

const cdp = await context.newCDPSession(page);
await cdp.send("WebAuthn.enable", { enableUI: false });
const kept = new Map();
let held = null;

/** Puts the key in the hand away and takes another; a name that is new is a new key. */
async function take(name) {
  if (held !== null) {
    const { authenticatorId } = held;
    const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
    kept.set(held.name, credentials);
    await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
    held = null;
  }
  if (name === null) return;
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  for (const credential of kept.get(name) ?? []) await cdp.send("WebAuthn.addCredential", { authenticatorId, credential });
  held = { name, authenticatorId };
}

let before = null;
await page.exposeFunction("doorwardTestBeforeGet", async () => { if (before !== null) await take(before); before = null; });
await page.addInitScript(() => {
  if (navigator.credentials === undefined) return;
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = async (options) => { await window.doorwardTestBeforeGet(); return get(options); };
});

const commands = {
  open: async ({ url }) => page.goto(url),
  take: async ({ key }) => take(key),
  /** The key to take once an assertion is asked for. */
  before_get: async ({ key }) => { before = key; },
  verified: async ({ is }) => cdp.send("WebAuthn.setUserVerified", { authenticatorId: held.authenticatorId, isUserVerified: is }),
  without_passkeys: async () => page.addInitScript(() => { delete window.PublicKeyCredential; }),
  press: async ({ key }) => page.keyboard.press(key),
  click: async ({ id }) => page.locator(`#${id}`).click(),
  /** Waits until the page says this. */
  says: async ({ text }) => page.getByText(text, { exact: false }).first().waitFor({ timeout: 15_000 }),
  /** The page as it stands, in other sizes and colours. */
  pictures: async ({ folder, name }) => {
    for (const [width, height] of [[900, 600], [1440, 900], [360, 640]]) {
      for (const colorScheme of ["light", "dark"]) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png` });
      }
    }
    await page.setViewportSize({ width: 760, height: 720 });
    await page.emulateMedia({ colorScheme: "light" });
  },
  /** Names and roles, as a screen reader has them. */
  heard: async () => page.locator("body").ariaSnapshot(),
  faults: async () => {
    const { violations } = await new AxeBuilder({ page }).analyze();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  },
  /** Whether a person sees all of it without scrolling, in a small window. */
  in_sight: async ({ id }) => {
    await page.setViewportSize({ width: 900, height: 600 });
    const found = await page.locator(`#${id}`).boundingBox();
    return found !== null && found.y >= 0 && found.y + found.height <= 600;
  },
  look: async () => ({
    text: await page.locator("body").innerText(),
    focus: await page.evaluate(() => document.activeElement?.id ?? ""),
    buttons: await page.getByRole("button").allInnerTexts(),
    problems,
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...rest } = JSON.parse(line);
  try {
    const value = await commands[command](rest);
    console.log(JSON.stringify({ ok: true, value: value ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, error: `${command}: ${error.message}` }));
  }
}
await browser.close();
