// Tools and prompts of the modern era that need something of the client first (SEP-2322): they answer
// `input_required`, and the client comes back with the same call and the answers.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { said, text, tool } from "./content.mjs";
import { form, sampling } from "./questions.mjs";
import { invalid, lacking } from "./refused.mjs";

const KEY = randomBytes(32);
const NEEDED = {
  "elicitation/create": "elicitation",
  "sampling/createMessage": "sampling",
  "roots/list": "roots",
};

const elicit = (message, properties) => ({
  method: "elicitation/create",
  params: form(message, properties),
});
const sample = (words, maxTokens) => ({
  method: "sampling/createMessage",
  params: sampling(words, maxTokens),
});
const roots = { method: "roots/list", params: {} };
const name = elicit("What is your name?", { name: { type: "string" } });
const confirmation = elicit("Please confirm", { ok: { type: "boolean" } });

const mark = (payload) => createHmac("sha256", KEY).update(payload).digest("base64url");

/** State that the client carries and cannot change. */
function seal(state) {
  const payload = Buffer.from(JSON.stringify(state)).toString("base64url");
  return `${payload}.${mark(payload)}`;
}

function unseal(sealed) {
  const [payload = "", given = "", ...more] = typeof sealed === "string" ? sealed.split(".") : [];
  const [expected, found] = [Buffer.from(mark(payload)), Buffer.from(given)];
  const holds = more.length === 0 && expected.length === found.length && timingSafeEqual(expected, found);
  if (!holds) throw invalid("The request state is not the one that was given out");
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

function inputRequired(call, inputRequests, state) {
  for (const { method } of Object.values(inputRequests)) {
    if (!call.capabilities[NEEDED[method]]) throw lacking({ [NEEDED[method]]: {} });
  }
  const result = { resultType: "input_required", inputRequests };
  return state === undefined ? result : { ...result, requestState: seal(state) };
}

/** Asks until every question has an answer, then goes on with the answers. */
function ask(requests, done, { keepsState = false } = {}) {
  return (_, call) => {
    const answers = call.responses ?? {};
    if (keepsState && call.responses) unseal(call.state);
    const open = Object.entries(requests).filter(([key]) => answers[key] === undefined);
    if (open.length === 0) return done(answers, call);
    return inputRequired(call, Object.fromEntries(open), keepsState ? { asked: Object.keys(requests) } : undefined);
  };
}

const greeting = (answers) => said(`Hello, ${answers.user_name.content?.name}!`);

function inRounds(_, call) {
  const round = call.responses ? unseal(call.state).round : 0;
  const steps = [
    { step1: elicit("Step 1: What is your name?", { name: { type: "string" } }) },
    { step2: elicit("Step 2: What is your favorite color?", { color: { type: "string" } }) },
  ];
  const next = steps[round];
  return next ? inputRequired(call, next, { round: round + 1 }) : said("Both questions were answered.");
}

/** Asks only for what the client says it can do. */
function asDeclared(_, call) {
  if (call.responses) return said("What could be asked was asked.");
  const possible = { user_name: name, capital_question: sample("What is the capital of France?"), client_roots: roots };
  const declared = Object.entries(possible).filter(([, { method }]) => call.capabilities[NEEDED[method]]);
  return inputRequired(call, Object.fromEntries(declared));
}

export const askingTools = [
  tool("test_input_required_result_elicitation", "Asks the user for a name", ask({ user_name: name }, greeting)),
  tool(
    "test_input_required_result_sampling",
    "Asks the client's model",
    ask({ capital_question: sample("What is the capital of France?") }, (answers) =>
      said(`The model said: ${answers.capital_question.content?.text}`),
    ),
  ),
  tool(
    "test_input_required_result_list_roots",
    "Asks for the client's roots",
    ask({ client_roots: roots }, (answers) =>
      said(`Roots: ${answers.client_roots.roots?.map((root) => root.uri).join(", ")}`),
    ),
  ),
  tool(
    "test_input_required_result_request_state",
    "Asks, and lets the client keep its state",
    ask({ confirm: confirmation }, () => said("state-ok"), { keepsState: true }),
  ),
  tool(
    "test_input_required_result_tampered_state",
    "Asks, and refuses a state that was changed",
    ask({ confirm: confirmation }, () => said("state-ok"), { keepsState: true }),
  ),
  tool(
    "test_input_required_result_multiple_inputs",
    "Asks three questions at once",
    ask(
      { user_name: name, greeting: sample("Generate a greeting", 50), client_roots: roots },
      () => said("All three questions were answered."),
      { keepsState: true },
    ),
  ),
  tool("test_input_required_result_multi_round", "Asks twice, one question after the other", inRounds),
  tool("test_input_required_result_capabilities", "Asks for what the client declared", asDeclared),
  tool("test_streaming_elicitation", "Asks over an event stream", (_, call) => {
    call.stream();
    return ask({ user_name: name }, greeting)(_, call);
  }),
  tool("test_missing_capability", "Needs a client that samples", (_, call) => {
    if (!call.capabilities.sampling) throw lacking({ sampling: {} });
    return said("The client samples.");
  }),
];

/** Before a task: asks for a name, then `start(name)` goes on. */
export const askName = (start) => ask({ user_name: name }, (answers) => start(answers.user_name.content?.name));

export const askingPrompt = {
  definition: { name: "test_input_required_result_prompt", description: "A prompt that asks for its context" },
  messages: (_, call) =>
    ask(
      { user_context: elicit("What context should the prompt use?", { context: { type: "string" } }) },
      (answers) => ({
        messages: [{ role: "user", content: text(`In the context of ${answers.user_context.content?.context}`) }],
      }),
    )(_, call),
};
