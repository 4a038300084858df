// The modern era (2026-07-28), by hand on JSON-RPC: the SDKs do not serve all that the suites ask for. Stateless:
// every request says for itself which version it speaks and what its client can do.

import { askName, askingPrompt, askingTools } from "./asking.mjs";
import * as content from "./content.mjs";
import { VERSION_KEY, checkAgreement, checkParameters, checkRequired } from "./headers.mjs";
import { Listeners } from "./listening.mjs";
import { INVALID_PARAMS, METHOD_NOT_FOUND, Refused, UNSUPPORTED_VERSION, invalid, lacking } from "./refused.mjs";
import { SKILLS, getSkill, listSkills, readFolder, readSkillFile, skillResources } from "./skills.mjs";
import { TASKS, Tasks, takesTasks } from "./tasks.mjs";

const { pause, said, tool } = content;

export const MODERN = "2026-07-28";
const CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities";
const LOG_LEVEL_KEY = "io.modelcontextprotocol/logLevel";
const SERVER_KEY = "io.modelcontextprotocol/serverInfo";
const CACHING = { ttlMs: 0, cacheScope: "private" };

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const takes = (properties, required = Object.keys(properties)) => ({ type: "object", properties, required });

/** Whether a message, with the headers it came under, is of the modern era. */
export function isModern(message, headers = {}) {
  if (!isObject(message)) return false;
  const claims = message.params?._meta?.[VERSION_KEY] !== undefined;
  return claims || (headers["mcp-protocol-version"]?.trim() === MODERN && message.method !== "initialize");
}

export class ModernServer {
  #tasks = new Tasks();
  #listeners = new Listeners();
  #checksHeaders;
  #tools;
  #prompts = [...content.plainPrompts, askingPrompt];
  #methods;

  /** A lenient server believes the headers without looking at them. */
  constructor({ lenient = false } = {}) {
    this.#checksHeaders = !lenient;
    this.#tools = [...content.plainTools, ...askingTools, ...this.#ownTools(), ...this.#taskTools()];
    this.#methods = this.#allMethods();
  }

  /** The result of a request, or a `Refused`. `headers` is undefined where there are none, on stdio. */
  async answer(message, headers, call) {
    const { method, params } = message;
    const meta = params?._meta;
    const missing = [VERSION_KEY, CAPABILITIES_KEY].filter((key) => meta?.[key] === undefined);
    if (missing.length > 0) {
      throw new Refused(INVALID_PARAMS, `\`_meta\` lacks ${missing.join(" and ")}`, { status: 400 });
    }
    const checked = this.#checksHeaders ? headers : undefined;
    if (checked) checkAgreement(checked, message);
    if (meta[VERSION_KEY] !== MODERN) {
      const data = { supported: [MODERN], requested: meta[VERSION_KEY] };
      throw new Refused(UNSUPPORTED_VERSION, "Unsupported protocol version", { status: 400, data });
    }
    if (checked) checkRequired(checked, message);
    if (!Object.hasOwn(this.#methods, method)) {
      throw new Refused(METHOD_NOT_FOUND, `Unknown method: ${method}`, { status: 404 });
    }
    if ("inputResponses" in params && !isObject(params.inputResponses)) {
      throw invalid("`inputResponses` has to be an object");
    }
    if (!Object.values(params.inputResponses ?? {}).every(isObject)) {
      throw invalid("every input response has to be an object");
    }
    const result = await this.#methods[method](params, this.#context(message, checked, call), message);
    return { resultType: "complete", ...result, _meta: { [SERVER_KEY]: content.SERVER, ...result._meta } };
  }

  #context({ params }, headers, call) {
    const { progressToken, [LOG_LEVEL_KEY]: level, [CAPABILITIES_KEY]: capabilities } = params._meta;
    return {
      ...call,
      headers,
      capabilities,
      responses: params.inputResponses,
      state: params.requestState,
      progress: (progress, total) => {
        if (progressToken === undefined) return;
        call.notify({ method: "notifications/progress", params: { progressToken, progress, total } });
      },
      log: (data) => {
        if (level === undefined) return;
        call.notify({ method: "notifications/message", params: { level: "info", logger: "tool", data } });
      },
    };
  }

  #allMethods() {
    const listed = (result) => () => ({ ...result(), ...CACHING });
    return {
      "server/discover": listed(() => ({
        supportedVersions: [MODERN],
        instructions: content.INSTRUCTIONS,
        capabilities: {
          tools: { listChanged: true },
          resources: { listChanged: true, subscribe: true },
          prompts: { listChanged: true },
          completions: {},
          logging: {},
          extensions: { [TASKS]: {}, [SKILLS]: { directoryRead: true } },
        },
      })),
      "tools/list": listed(() => ({ tools: this.#tools.map((each) => each.definition) })),
      "tools/call": (params, call) => this.#call(params, call),
      "prompts/list": listed(() => ({ prompts: this.#prompts.map((each) => each.definition) })),
      "prompts/get": (params, call) => {
        const found = this.#prompts.find((each) => each.definition.name === params.name);
        if (!found) throw invalid(`Unknown prompt: ${params.name}`);
        return found.messages(params.arguments ?? {}, call);
      },
      "resources/list": listed(() => ({ resources: [...content.resources, ...skillResources] })),
      "resources/templates/list": listed(() => ({ resourceTemplates: content.resourceTemplates })),
      "resources/read": ({ uri }) => {
        const contents = content.read(uri) ?? readSkillFile(uri);
        if (!contents) throw invalid("Resource not found", { uri });
        return { contents, ...CACHING };
      },
      "resources/directory/read": (params) => ({ ...readFolder(params), ...CACHING }),
      "completion/complete": ({ argument }) => content.complete(argument?.value),
      "skills/list": listed(listSkills),
      "skills/get": (params) => ({ ...getSkill(params), ...CACHING }),
      "subscriptions/listen": (_, call, message) => this.#listeners.serve(message, call),
      "tasks/get": (params, call) => this.#tasks.get(params, call.capabilities),
      "tasks/update": (params, call) => this.#tasks.update(params, call.capabilities),
      "tasks/cancel": (params, call) => this.#tasks.cancel(params, call.capabilities),
    };
  }

  #call(params, call) {
    const found = this.#tools.find((each) => each.definition.name === params.name);
    if (!found) throw invalid(`Unknown tool: ${params.name}`);
    const values = params.arguments ?? {};
    if (call.headers) checkParameters(call.headers, found.definition.inputSchema, values);
    return found.run(values, call);
  }

  #ownTools() {
    return [
      tool("test_logging_tool", "Logs, for a client that asked for it", (_, call) => {
        call.log("This was asked for.");
        return said("Logged, if that was asked for.");
      }),
      tool("test_trigger_tool_change", "Says that the list of tools has changed", () => {
        this.#listeners.listChanged("toolsListChanged");
        return said("Said so.");
      }),
      tool("test_trigger_prompt_change", "Says that the list of prompts has changed", () => {
        this.#listeners.listChanged("promptsListChanged");
        return said("Said so.");
      }),
      tool("test_touch_watched_resource", "Changes the watched resource", () => {
        this.#listeners.updated("test://watched-resource");
        return said("Said so.");
      }),
      tool(
        "test_custom_header",
        "Has arguments that are repeated in headers",
        ({ region }) => said(`The region is ${region}.`),
        takes(
          {
            region: { type: "string", description: "Where", "x-mcp-header": "Region" },
            priority: { type: "integer", description: "How soon", "x-mcp-header": "Priority" },
            note: { type: "string", description: "Not repeated" },
          },
          ["region"],
        ),
      ),
      tool(
        "greet",
        "Greets somebody",
        ({ name }) => said(`Hello, ${name}!`),
        takes({ name: { type: "string" } }),
      ),
    ];
  }

  #taskTools() {
    const asTask = (work) => (values, call) => {
      if (!takesTasks(call.capabilities)) throw lacking({ extensions: { [TASKS]: {} } });
      return this.#tasks.start((task) => work(values, task));
    };
    const confirm = (message) => ({
      method: "elicitation/create",
      params: { message, requestedSchema: takes({ confirm: { type: "boolean" } }) },
    });
    const compute = async ({ seconds, label }, signal) => {
      await pause(seconds * 1000, signal);
      return said(`${label ?? "It"} took ${seconds} s.`);
    };
    return [
      tool(
        "slow_compute",
        "Takes as many seconds as it is told",
        (values, call) =>
          takesTasks(call.capabilities) && values.seconds > 0
            ? this.#tasks.start((task) => compute(values, task.stop.signal))
            : compute(values, call.signal),
        takes({ seconds: { type: "number" }, label: { type: "string" } }, ["seconds"]),
      ),
      tool("failing_job", "A task that fails as a tool", asTask(async () => ({ ...said("It failed."), isError: true }))),
      tool(
        "protocol_error_job",
        "A task that fails as a server",
        asTask(async () => {
          throw new Error("the server failed");
        }),
      ),
      tool(
        "confirm_delete",
        "A task that asks before it goes on",
        asTask(async ({ filename }, task) => {
          const [answer] = await task.ask({ confirm: confirm(`Delete ${filename}?`) });
          return said(answer.content?.confirm ? `Deleted ${filename}.` : "Nothing was deleted.");
        }),
        takes({ filename: { type: "string" } }),
      ),
      tool(
        "multi_input",
        "A task that asks two questions at once",
        asTask(async (_, task) => {
          await task.ask({ first: confirm("The first?"), second: confirm("The second?") });
          return said("Both were answered.");
        }),
      ),
      tool("test_tool_with_task", "Asks first, then goes on as a task", (values, call) =>
        askName((name) => asTask(async () => said(`Done for ${name}.`))(values, call))(values, call),
      ),
    ];
  }
}
