/** What is photographed: the screens in each state, and how one gets there. For the eye, and for comparing with what is stored. */

export const SIZES = [{ width: 1440, height: 900 }, { width: 900, height: 600 }];
/** As the window opens; only the fullest screens differ there. */
export const OPENING = { width: 1180, height: 760 };
export const THEMES = ["light", "dark"];
export const NOW = new Date("2026-11-20T14:32:00Z");

const press = (key) => async (page) => { await page.keyboard.press(key); await pass(page, 50); };
const click = (testId) => async (page) => { await (await until(page, page.getByTestId(testId).first())).click(); };
const fill = (testId, text) => async (page) => { await (await until(page, page.getByTestId(testId))).fill(text); };
const choose = (testId, value) => async (page) => {
  await (await until(page, page.locator(`select[data-testid=${testId}]:has(option[value="${value}"])`))).selectOption(value);
};
const toEnd = async (page) => { await page.getByTestId("card").locator("> div").first().evaluate((e) => { e.scrollTop = e.scrollHeight; }); };
const bars = async (page) => { await until(page, page.locator("[data-testid=bars] svg path.recharts-rectangle").first()); };
/** In small steps: what waits for an answer goes on between them. */
const pass = async (page, milliseconds) => { for (let n = 0; n < 10; n++) await page.clock.runFor(milliseconds / 10); };
const settle = (page) => pass(page, 1000);
/** What waits for its turn goes on, time but for a hair: time stands still for everything in the page. */
export const breathe = async (page, nth) => { await page.clock.runFor(nth % 20 === 19 ? 1 : 0); };

/** Until it is there, however busy the machine is. */
async function until(page, wanted) {
  const limit = Date.now() + 30_000;
  for (let nth = 0; !(await wanted.isVisible()); nth++) {
    if (Date.now() > limit) throw new Error(`${wanted} did not come`);
    await breathe(page, nth);
  }
  return wanted;
}

/** name, scenario, address, what to do before the picture */
export const SHOTS = [
  ["inbox", "full", "/inbox", settle],
  ["inbox-stages", "full", "/inbox?hold=h-5n2bqa7wd3kz6xp4vt2r", settle],
  ["inbox-guarded", "full", "/inbox"],
  ["inbox-second", "full", "/inbox", settle, press("j"), settle],
  ["inbox-program", "full", "/inbox?hold=h-4k7xwz2mq5tb6cn3rd5a", settle],
  ["inbox-reject", "full", "/inbox", settle, press("r"), settle],
  ["inbox-extended", "full", "/inbox", settle, click("extend"), settle],
  ["inbox-edit", "full", "/inbox", settle, click("edit"), fill("edit-amount", "4999.90"), fill("edit-reference", "Invoice 2026-1184, part one"), settle],
  ["inbox-edit-changes", "full", "/inbox", settle, click("edit"), fill("edit-amount", "5,000"), fill("edit-memo", "Dear Sir or Madam,\n\nplease find attached nothing.\n"), toEnd, settle],
  ["inbox-grant", "full", "/inbox", settle, press("g"), settle],
  ["inbox-grant-wide", "full", "/inbox", settle, press("g"), choose("limit-amount", "1"), choose("limit-payee", "1"), choose("grant-lasting", "date"), settle, toEnd],
  ["inbox-no-grant", "full", "/inbox?hold=h-2c6vtr4pq7xj5ms3ka6e", settle, press("g"), settle],
  ["inbox-unfolded", "full", "/inbox", settle, async (page) => { await page.getByRole("button", { name: /show all/ }).first().click(); }],
  ["inbox-approved", "full", "/inbox", settle, click("approve"), settle, async (page) => { await page.clock.runFor(12_000); }],
  ["inbox-voted-by-key", "full", "/inbox", settle, press("a"), settle],
  ["inbox-list", "full", "/inbox", settle, async (page) => { const b = page.getByTestId("open-list"); if (await b.count()) await b.click(); }, settle],
  ["inbox-empty", "empty", "/inbox"],
  ["inbox-empty-sent", "empty", "/inbox", click("practice-denied")],
  ["inbox-fresh", "fresh", "/inbox"],
  ["inbox-hostile", "hostile", "/inbox", settle],
  ["inbox-hostile-end", "hostile", "/inbox", settle, toEnd],
  ["inbox-broken", "broken", "/inbox"],
  ["inbox-off", "off", "/inbox", settle],
  ["inbox-burst", "burst", "/inbox", settle],
  ["inbox-together", "burst", "/inbox", settle, click("together"), settle],
  ["inbox-votes-cast", "burst", "/inbox", settle, click("together"), settle, click("approve-together"), settle],
  ["inbox-close", "full", "/settings", settle, async (page) => { await page.getByTestId("density").getByText("Close").click(); }, click("nav-inbox"), settle],
  ["palette", "full", "/inbox", settle, press("Control+k"), settle],
  ["approval-window", "full", "window=approval", settle],
  ["approval-window-hostile", "hostile", "window=approval", settle],
  ["keys", "full", "/inbox", settle, press("?")],
  ["look-menu", "full", "/inbox", settle, click("appearance")],
  ["activity", "quiet", "/activity", bars],
  ["activity-today", "full", "/activity?since=2026-11-20", bars],
  ["activity-numbers", "full", "/activity", bars, click("as-numbers"), settle],
  ["activity-export", "full", "/activity", bars, click("export"), settle],
  ["activity-table", "full", "/activity?view=table", bars],
  ["activity-open", "full", "/activity", click("activity-row"), async (page) => { await page.getByTestId("activity-row").nth(3).click(); }],
  ["activity-filters", "full", "/activity", click("more-filters"), choose("filter-agent", "claude-code"), settle],
  ["activity-call", "full", "/activity?call=891"],
  ["activity-empty", "empty", "/activity"],
  ["activity-no-match", "full", "/activity?text=zzz"],
  ["activity-hostile", "hostile", "/activity", click("activity-row")],
  ["activity-broken", "broken", "/activity"],
  ["grants", "full", "/grants"],
  ["grants-revoked", "full", "/grants", click("revoke-g-3xq5"), settle],
  ["grants-empty", "empty", "/grants"],
  ["grants-hostile", "hostile", "/grants"],
  ["grants-broken", "broken", "/grants"],
  ["policies", "full", "/policies", settle],
  ["policies-list", "full", "/policies", settle, click("apply-change"), async (page) => { await page.getByTestId("mode-payments").getByText("Observe").click(); }],
  ["policies-put-back", "full", "/policies", settle, click("put-back")],
  ["policies-empty", "empty", "/policies"],
  ["policies-hostile", "hostile", "/policies", settle],
  ["policies-hostile-list", "hostile", "/policies", settle, async (page) => { await page.getByTestId("policy-row").nth(4).scrollIntoViewIfNeeded(); }],
  ["policies-broken", "broken", "/policies"],
  ["policies-menu", "full", "/policies", settle, click("more-payments")],
  ["builder", "full", "/builder?id=large-expenses", settle, settle],
  ["builder-groups", "full", "/builder?id=large-expenses", settle, settle, click("add-group"), settle],
  ["builder-pick", "full", "/builder?id=large-expenses", settle, settle, click("add-condition"), settle],
  ["builder-broken-text", "full", "/builder?id=large-expenses", settle, settle, async (page) => { await page.locator(".cm-content").click(); await page.keyboard.press("End"); await page.keyboard.type(" && "); }, settle, settle],
  ["builder-new", "empty", "/builder", settle, settle],
  ["builder-try", "full", "/builder?id=large-expenses", settle, settle, click("try-call"), settle, settle, click("try-now"), settle],
  ["builder-passkey", "hostile", "/builder", settle, fill("draft-name", "A long name ".repeat(9)), settle, settle],
  ["builder-step-up", "full", "/builder?id=payments", settle, settle, async (page) => { await page.getByTestId("draft-fresh").scrollIntoViewIfNeeded(); await page.getByTestId("draft-fresh").selectOption("while"); }, settle, settle],
  ["what-if", "full", "/what-if", settle, settle, click("try-now"), settle],
  ["what-if-json", "full", "/what-if", settle, settle, async (page) => { await page.getByTestId("try-by").getByText("Paste JSON").click(); }, settle],
  ["what-if-empty", "empty", "/what-if", settle],
  ["people", "full", "/people", settle],
  ["people-edit", "full", "/people", settle, click("edit-person-ana"), settle],
  ["people-add", "full", "/people", settle, click("add-person"), settle, settle],
  ["people-empty", "empty", "/people", settle],
  ["people-hostile", "hostile", "/people", settle],
  ["packs", "full", "/packs", settle],
  ["packs-git", "full", "/packs?pack=git", settle, settle],
  ["packs-added", "full", "/packs?pack=git", settle, settle, click("add-observed"), settle],
  ["packs-hostile", "hostile", "/packs?pack=git", settle, settle],
  ["builder-hostile", "hostile", "/builder", settle, settle],
  ["flows", "full", "/flows"],
  ["flows-edit", "full", "/flows?flow=finance", settle, settle],
  ["flows-empty", "empty", "/flows"],
  ["upstreams", "full", "/upstreams"],
  ["upstreams-add", "full", "/upstreams", click("add-upstream"), fill("upstream-name", "notes"), fill("upstream-command", "npx -y @modelcontextprotocol/server-filesystem '/home/ana/My Notes'")],
  ["upstreams-remove", "full", "/upstreams", click("remove-filesystem")],
  ["upstreams-empty", "empty", "/upstreams"],
  ["upstreams-hostile", "hostile", "/upstreams"],
  ["upstreams-broken", "broken", "/upstreams"],
  ["agents", "full", "/agents"],
  ["agents-path", "full", "/agents", async (page) => { await page.getByTestId("short-path").last().focus(); }],
  ["agents-accept", "full", "/agents", click("accept-program")],
  ["agents-accepted", "full", "/agents", click("accept-program"), click("confirm-action"), settle],
  ["agents-wait", "full", "/agents", click("wait-codex")],
  ["agents-add", "full", "/agents", click("add-agent")],
  ["agents-token", "full", "/agents", click("add-agent"), fill("agent-name", "claude-code-2"), click("agent-save")],
  ["agents-connect", "full", "/agents", settle, click("connect-claude-code"), settle],
  ["agents-empty", "empty", "/agents"],
  ["agents-hostile", "hostile", "/agents"],
  ["security", "full", "/security"],
  ["security-enrol", "full", "/security", click("enrol"), fill("passkey-name", "Blue key")],
  ["security-waiting", "full", "/security", click("enrol"), fill("passkey-name", "Blue key"), click("passkey-go")],
  ["security-empty", "empty", "/security"],
  ["security-tampered", "hostile", "/security"],
  ["agents-broken", "broken", "/agents"],
  ["settings", "full", "/settings", settle],
  ["settings-saved", "full", "/settings", settle, fill("port", "7999"), click("port-save"), settle],
  ["settings-refused", "full", "/settings", settle, fill("port", "80"), click("port-save"), settle, async (page) => { await page.getByTestId("failure").scrollIntoViewIfNeeded(); }],
  ["settings-log", "full", "/settings", settle, click("open-log"), settle],
  ["settings-end", "empty", "/settings", settle, async (page) => { await page.getByTestId("open-log").scrollIntoViewIfNeeded(); }],
  ["settings-broken", "broken", "/settings"],
];

/** The page of one shot, ready to be photographed. The clock stands at {@link NOW}; what is wrong goes to `complain`. */
export async function takePlace(browser, site, [, scenario, address, ...steps], theme, viewport, complain) {
  const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB" });
  const page = await context.newPage();
  page.on("console", (message) => { if (message.type() === "error") complain(message.text()); });
  page.on("pageerror", (error) => { complain(error.message); });
  // Time stands still but for what is let pass: what is left until a deadline is the same in each picture.
  await page.clock.install({ time: NOW.getTime() - 60_000 });
  await page.clock.pauseAt(NOW);
  // Another window than the main one has no screens to go to.
  const isScreen = address.startsWith("/");
  await page.goto(`${site.url}?scenario=${scenario}${isScreen ? `#${address}` : `&${address}`}`);
  await until(page, page.locator(isScreen ? "nav" : "main"));
  await page.evaluate(() => document.fonts.ready);
  await pass(page, 400);
  for (const step of steps) await step(page);
  return { page, context };
}

/** The same place in another size, as when a person drags the window's edge: what measures itself has done so. */
export async function resize(page, viewport) {
  await page.setViewportSize(viewport);
  // A picture asks for a frame, in which the sizes are told; what they lead to waits for the page's own clock.
  await page.screenshot();
  await pass(page, 50);
}

/** The same place in the other colours, as when the system changes to them. */
export async function recolour(page, theme) {
  await page.emulateMedia({ colorScheme: theme });
  await until(page, page.locator(`html[data-mantine-color-scheme=${theme}]`));
  await pass(page, 50);
}
