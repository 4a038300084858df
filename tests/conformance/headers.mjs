// The rules of the modern era for the headers that repeat a request's body: which must be there, and when one
// disagrees with the body.

import { Refused, HEADER_MISMATCH } from "./refused.mjs";

export const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

const NAMED_BY = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};
const WRAPPED = /^=\?base64\?(.*)\?=$/s;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const mismatch = (words) => new Refused(HEADER_MISMATCH, `The headers and the body disagree: ${words}`, { status: 400 });
const trimmed = (value) => value?.replace(/^[ \t]+|[ \t]+$/g, "");

/** The value of a header, with what was wrapped for safe passage unwrapped; undefined where that is impossible. */
export function unwrapped(value) {
  const wrapped = WRAPPED.exec(value)?.[1];
  if (wrapped === undefined) return value;
  if (!BASE64.test(wrapped)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(wrapped, "base64"));
  } catch {
    return undefined;
  }
}

/** Headers that are there must agree. */
export function checkAgreement(headers, { method, params }) {
  const version = trimmed(headers["mcp-protocol-version"]);
  const claimed = params?._meta?.[VERSION_KEY];
  if (version !== undefined && claimed !== undefined && version !== claimed) {
    throw mismatch(`MCP-Protocol-Version is ${version}, the body says ${claimed}`);
  }
  const named = trimmed(headers["mcp-method"]);
  if (named !== undefined && named !== method) throw mismatch(`Mcp-Method is ${named}, the body says ${method}`);
}

/** What is required must be there. */
export function checkRequired(headers, { method, params }) {
  for (const name of ["mcp-protocol-version", "mcp-method"]) {
    if (headers[name] === undefined) throw mismatch(`${name} is missing`);
  }
  const expected = params?.[NAMED_BY[method]];
  if (typeof expected === "string") compare("mcp-name", headers, (value) => value === expected, expected);
}

/** Parameters that a tool's schema marks with `x-mcp-header` are repeated in a header each. */
export function checkParameters(headers, schema, values) {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const value = values?.[key];
    if (property.properties) checkParameters(headers, property, value);
    const suffix = property["x-mcp-header"];
    if (suffix === undefined || value === undefined || value === null) continue;
    const agrees = (sent) =>
      property.type === "integer" && /^-?\d+(\.\d+)?$/.test(sent) ? Number(sent) === value : sent === String(value);
    compare(`mcp-param-${suffix.toLowerCase()}`, headers, agrees, value);
  }
}

function compare(name, headers, agrees, expected) {
  const sent = trimmed(headers[name]);
  if (sent === undefined) throw mismatch(`${name} is missing, the body says ${expected}`);
  const plain = unwrapped(sent);
  if (plain === undefined) throw mismatch(`${name} is not valid base64`);
  if (!agrees(plain)) throw mismatch(`${name} is ${plain}, the body says ${expected}`);
}
