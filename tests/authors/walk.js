// Runs inside the window. Builds one policy with a row for every comparison of one attribute, and for every kind of value
// that it takes; saves it, opens it again, and says what it finds then. `step` is "list", "build" or "read".
const [step, attribute, name, done] = arguments;
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
/** Whatever was asked for by then is drawn. No frame of the screen is waited for, and no timer. */
const frame = () => new Promise((next) => {
  const turn = new MessageChannel();
  turn.port1.onmessage = next;
  turn.port2.postMessage(null);
});

async function until(what, found) {
  const limit = Date.now() + 25000;
  for (;;) {
    const value = found();
    if (value) return value;
    if (Date.now() > limit) throw new Error(`in vain: ${what}`);
    await new Promise((next) => { setTimeout(next, 10); });
  }
}

function set(input, value) {
  const prototype = Object.getPrototypeOf(input);
  Object.getOwnPropertyDescriptor(prototype, "value").set.call(input, value);
  input.dispatchEvent(new Event(input.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
}

async function enter(input, value) {
  input.focus();
  set(input, value);
  await frame();
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", bubbles: true, cancelable: true }));
  await frame();
}

const rows = () => $$("[data-testid=condition-row]");

async function open(address) {
  location.hash = "#/policies";
  await until("the list of policies", () => $("[data-testid=new-policy]"));
  location.hash = address;
  return until("the builder", () => $("[data-testid=draft-name]"));
}

async function withTool() {
  const tools = $("[data-testid=draft-tools]");
  await enter(tools, "kinds/everything");
  tools.blur();
  await until("the parameters of the tool", () => /1 of/.test($("[aria-labelledby=which-calls] header").textContent));
}

async function pick(wanted) {
  $("[data-testid=add-condition]").click();
  const options = await until("attributes to choose from", () => {
    const found = $$("[role=option]").filter((option) => /^[a-z]+\./.test(option.getAttribute("value") ?? ""));
    return found.some((option) => option.getAttribute("value") === "args.amount") ? found : null;
  });
  if (wanted === null) {
    return options.map((option) => {
      const id = option.getAttribute("value");
      const kind = option.firstElementChild.lastElementChild.textContent.replace(/^one of \d+$/, "one of several");
      return { id, type: id.includes("[]") ? `${kind}, of an entry` : kind };
    });
  }
  const before = rows().length;
  const option = options.find((one) => one.getAttribute("value") === wanted);
  if (!option) throw new Error(`${wanted} is not offered`);
  option.click();
  await until("a new row", () => rows().length === before + 1);
  return rows().at(-1);
}

function texts(row) {
  return [...$$("[data-testid=value], [data-testid=values]", row)];
}

const TYPED = { text: ["EUR", "USD"], number: ["5", "7.50"], flag: ["true", "false"], time: ["2026-01-05T12:00:00Z", "2026-02-01T00:00:00Z"] };

/** Two of those that are offered, else two of the kind that is wanted. */
async function many(input) {
  for (const text of TYPED[input.dataset.kind]) {
    input.focus();
    input.click();
    await frame();
    await frame();
    const list = document.getElementById(input.getAttribute("aria-controls") ?? "");
    const offered = list === null ? [] : $$("[role=option]", list);
    if (offered.length > 0) offered[0].click();
    else await enter(input, text);
    await frame();
  }
  input.blur();
  await frame();
}

async function fill(row, operator) {
  for (const input of texts(row)) {
    if (input.dataset.testid === "values") {
      await many(input);
    } else if (input.tagName === "SELECT") {
      set(input, $$("option", input).map((one) => one.value).filter((one) => one !== "").at(-1));
    } else if (input.type === "datetime-local") {
      set(input, "2026-01-05T12:00:00");
    } else {
      set(input, operator.includes("within_path") ? "/srv/data" : TYPED[input.dataset.kind][0]);
    }
    await frame();
  }
}

/** What stands in the rows, as a person reads it. */
const read = () => rows().map((row) => [
  $("[data-testid=attribute]", row).textContent,
  $("[data-testid=operator]", row).value,
  $("[aria-label='Kind of value']", row)?.value ?? "",
  ...texts(row).map((input) => input.dataset.testid === "values"
    ? $$(".mantine-Pill-label", input.closest(".mantine-TagsInput-root")).map((pill) => pill.textContent).join("|")
    : input.value),
]);

async function build() {
  const title = await open("#/builder");
  set(title, name);
  await withTool();
  const first = await pick(attribute);
  const operators = $$("option", $("[data-testid=operator]", first)).map((option) => option.value);
  let row = first;
  for (const operator of operators) {
    row ??= await pick(attribute);
    set($("[data-testid=operator]", row), operator);
    await frame();
    const kinds = $$("[aria-label='Kind of value'] option", row).map((option) => option.value);
    for (const [index, kind] of (kinds.length === 0 ? [null] : kinds).entries()) {
      if (index > 0) {
        row = await pick(attribute);
        set($("[data-testid=operator]", row), operator);
        await frame();
      }
      if (kind !== null) set($("[aria-label='Kind of value']", row), kind);
      await frame();
      await fill(row, operator);
    }
    row = null;
  }
  const built = read();
  await until("Save", () => $("[data-testid=save-policy]:not([disabled])")).catch((error) => {
    const wrong = rows().filter((one) => $("[data-problem]", one)).map((one) => `${one.textContent} ${one.ariaLabel}`);
    throw new Error(`${error.message}: ${$("[data-testid=save-note]").textContent} ${JSON.stringify(wrong)} of ${JSON.stringify(built)}`);
  });
  $("[data-testid=save-policy]").click();
  await until("that it is saved", () => $("[data-testid=saved]"));
  const file = $("[data-testid=draft-status]").textContent;
  return { built, operators, file };
}

async function reopened() {
  await open(`#/builder?id=${encodeURIComponent(name)}`);
  await until("the rows", () => rows().length > 0 && $$("[data-testid=operator]").every((one) => one.value !== ""));
  return { found: read(), changed: !$("[data-testid=save-policy]").disabled };
}

async function list() {
  const title = await open("#/builder");
  set(title, "List");
  await withTool();
  return pick(null);
}

({ list, build, read: reopened })[step]().then((value) => { done({ value }); }, (error) => { done({ error: String(error.message ?? error) }); });
