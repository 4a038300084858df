// Runs one set of a suite's scenarios against a server's address, or with a client's command, and prints what each
// check said, a line each:
//
//   node run.mjs --suite conformance-0.2 (--url URL | --command WORDS) --out DIR --limit MS --total MS \
//                [--of NAME]... [--only NAME]... [--without NAME]... -- OPTIONS
//   → check <tab> scenario <tab> check's id <tab> check's name <tab> status <tab> words
//     hung  <tab> scenario
//     none  <tab> scenario
//
// The options are the suite's own and choose its set; `--of` names a set's scenarios instead, `--only` leaves out all
// others of the set, and of what `--without` names nothing is said. One process of the suite runs a whole set. When a
// scenario takes longer than its limit, that process is ended, the scenario is said to hang, and the rest goes on one
// by one, while the time for all of it lasts. `none`: it said nothing.

import { spawn } from "node:child_process";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    suite: { type: "string" },
    url: { type: "string" },
    command: { type: "string" },
    out: { type: "string" },
    limit: { type: "string" },
    total: { type: "string" },
    of: { type: "string", multiple: true, default: [] },
    only: { type: "string", multiple: true, default: [] },
    without: { type: "string", multiple: true, default: [] },
  },
});
const limit = Number(values.limit);
const deadline = Date.now() + Number(values.total);
const program = fileURLToPath(new URL(`node_modules/${values.suite}/dist/index.js`, import.meta.url));
const TIME = /^-\d{4}-\d\d-\d\dT[\dA-Z.-]+$/;
const STARTS = /^=== Running scenario: (\S+) ===$/;

/** Runs the suite; `onLine` sees what it prints. Resolves to whether it was ended for taking too long. */
function suite(words, onLine = () => {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    let timer;
    let late = false;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        late = true;
        child.kill("SIGKILL");
      }, limit);
    };
    let rest = "";
    child.stdout.on("data", (bytes) => {
      const lines = (rest + bytes).split("\n");
      rest = lines.pop();
      for (const line of lines) if (onLine(line)) wait();
    });
    child.stderr.on("data", (bytes) => process.stderr.write(bytes));
    child.on("close", () => {
      clearTimeout(timer);
      resolve(late);
    });
    wait();
  });
}

const isSuite = (word, index) => word === "--suite" || positionals[index - 1] === "--suite";
const withoutSuite = positionals.filter((word, index) => !isSuite(word, index));
const revision = positionals[positionals.indexOf("--requirements") + 1];

/** The names of the scenarios of the set. */
async function scenarios() {
  if (values.of.length > 0) return values.of;
  const names = [];
  let section = "";
  await suite(["list", "--server", ...withoutSuite], (line) => {
    if (!line.startsWith(" ")) section = line;
    // `  - NAME`, below a heading; what is run without being scored stands below its reason, as `    - NAME [server]`.
    const [, name, leg] = /^ +- (\S+)(?: \[([^\]]*)\])?/.exec(line) ?? [];
    if (name && (section.startsWith("Server scenarios") || leg === "server")) names.push(name);
  });
  return names;
}

function say(...words) {
  console.log(words.map((word) => String(word ?? "").replace(/[\t\r\n]+/g, " ")).join("\t"));
}

/** What a scenario's checks said: in a folder named for it and the time, which one that was ended leaves empty. */
async function checks(scenario) {
  const folders = await readdir(values.out).catch(() => []);
  const before = values.url ? `server-${scenario}` : scenario;
  const folder = folders.find((name) => name.startsWith(before) && TIME.test(name.slice(before.length)));
  if (folder === undefined) return [];
  const text = await readFile(join(values.out, folder, "checks.json"), "utf8").catch(() => "[]");
  return JSON.parse(text);
}

const who = values.url ? ["server", "--url", values.url] : ["client", "--command", values.command];
const whole = [...who, "-o", values.out];
const single = positionals.includes("--requirements") ? ["--force", "--spec-version", revision] : withoutSuite;

await rm(values.out, { recursive: true, force: true });
const all = await scenarios();
const names = values.only.length > 0 ? all.filter((name) => values.only.includes(name)) : all;
const left = new Set(names);
const hung = new Set();
if (names.length === all.length && values.of.length === 0) {
  let current;
  const late = await suite([...whole, ...positionals], (line) => {
    const started = STARTS.exec(line)?.[1];
    if (started === undefined) return false;
    current = started;
    left.delete(started);
    return true;
  });
  if (late) hung.add(current);
  else left.clear();
}
for (const name of left) {
  if (Date.now() > deadline) break;
  if (await suite([...whole, "--scenario", name, ...single])) hung.add(name);
}
for (const name of names.filter((each) => !values.without.includes(each))) {
  const found = await checks(name);
  if (hung.has(name)) say("hung", name);
  else if (found.length === 0) say("none", name);
  for (const check of found) say("check", name, check.id, check.name, check.status, check.errorMessage);
}
