// The extension `io.modelcontextprotocol/tasks` (SEP-2663): calls that are answered with a task, which is asked
// about, given input and cancelled later.

import { randomUUID } from "node:crypto";
import { INTERNAL, invalid, lacking } from "./refused.mjs";

export const TASKS = "io.modelcontextprotocol/tasks";

const TTL_MS = 60_000;
const POLL_MS = 100;
const FINAL = new Set(["completed", "failed", "cancelled"]);

export const takesTasks = (capabilities) => capabilities?.extensions?.[TASKS] !== undefined;

class Task {
  id = randomUUID();
  created = new Date().toISOString();
  updated = this.created;
  status = "working";
  asked = new Map();
  stop = new AbortController();

  /** What every mention of a task says. */
  facts() {
    return {
      taskId: this.id,
      status: this.status,
      createdAt: this.created,
      lastUpdatedAt: this.updated,
      ttlMs: TTL_MS,
      pollIntervalMs: POLL_MS,
    };
  }

  become(status, more = {}) {
    if (FINAL.has(this.status)) return;
    this.status = status;
    this.more = more;
    this.updated = new Date().toISOString();
  }

  details() {
    const open = [...this.asked].map(([key, { request }]) => [key, request]);
    return {
      ...this.facts(),
      ...this.more,
      ...(this.status === "input_required" ? { inputRequests: Object.fromEntries(open) } : {}),
    };
  }

  /** Asks the client, who finds the question when it looks; resolves to all the answers. */
  ask(requests) {
    const answers = Object.entries(requests).map(
      ([key, request]) => new Promise((answer) => this.asked.set(key, { request, answer })),
    );
    this.become("input_required");
    return Promise.all(answers);
  }

  answer(responses) {
    for (const [key, response] of Object.entries(responses ?? {})) {
      const question = this.asked.get(key);
      this.asked.delete(key);
      question?.answer(response);
    }
    if (this.status === "input_required" && this.asked.size === 0) this.become("working");
  }
}

export class Tasks {
  #tasks = new Map();

  /** Starts `work(task)` and answers with its task at once. */
  start(work) {
    const task = new Task();
    this.#tasks.set(task.id, task);
    setTimeout(() => this.#tasks.delete(task.id), TTL_MS).unref();
    Promise.resolve(work(task)).then(
      (result) => task.become("completed", { result }),
      (error) => task.become("failed", { error: { code: INTERNAL, message: error.message } }),
    );
    return { resultType: "task", ...task.facts() };
  }

  get(params, capabilities) {
    return this.#find(params, capabilities).details();
  }

  update(params, capabilities) {
    this.#find(params, capabilities).answer(params.inputResponses);
    return {};
  }

  cancel(params, capabilities) {
    const task = this.#find(params, capabilities);
    task.become("cancelled");
    task.stop.abort();
    return {};
  }

  #find({ taskId }, capabilities) {
    if (!takesTasks(capabilities)) throw lacking({ extensions: { [TASKS]: {} } });
    const task = this.#tasks.get(taskId);
    if (!task) throw invalid("No such task", { taskId });
    return task;
  }
}
