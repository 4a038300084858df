/** A call's arguments taken apart into fields a person can edit, and put together again. */
import { isNumber, NotJson, parseJson, printJson, type Json } from "@/lib/exact-json";

export type Field = {
  /** Of its place: two places may read alike. */
  id: string;
  /** `amount`, `address.city` */
  path: string;
  /** The names on the way to it. */
  keys: readonly string[];
  kind: Json["kind"];
  /** As it is edited: a text as itself, everything else as JSON. */
  text: string;
};

/** What a person wrote, by field. */
export type Edits = ReadonlyMap<string, string>;

export type Change = {
  id: string;
  path: string;
  before: string;
  after: string;
  /** Why it cannot be sent. */
  problem: string | null;
};

/** One field a value; objects are opened into one a member, as on the card. */
export function fieldsOf(value: Json, keys: readonly string[] = []): Field[] {
  if (value.kind === "object" && (value.members.length > 0 || keys.length === 0)) {
    return value.members.flatMap(([key, member]) => fieldsOf(member, [...keys, key]));
  }
  return [{ id: JSON.stringify(keys), path: keys.join("."), keys, kind: value.kind, text: value.kind === "text" ? value.text : printJson(value) }];
}

/** What is wrong with what was written; nothing where it can be sent. */
export function problemOf(field: Field, text: string): string | null {
  switch (field.kind) {
    case "text":
    case "flag":
      return null;
    case "number":
      return isNumber(text.trim()) ? null : "Write a number, such as 12 or 7250.00";
    case "list":
    case "object":
    case "null":
      return jsonProblem(text, field.kind);
  }
}

function jsonProblem(text: string, kind: "list" | "object" | "null"): string | null {
  try {
    const value = parseJson(text);
    if (kind !== "null" && value.kind !== kind) return `It has to stay ${kind === "list" ? "a list" : "an object"}`;
    return null;
  } catch (error) {
    if (error instanceof NotJson) return `Not JSON: ${error.message}`;
    throw error;
  }
}

/** Only what differs from what was asked. */
export function changesOf(fields: readonly Field[], edits: Edits): Change[] {
  return fields.flatMap((field) => {
    const { id, path, text: before } = field;
    const after = edits.get(id);
    return after === undefined || after === before ? [] : [{ id, path, before, after, problem: problemOf(field, after) }];
  });
}

/** The arguments with every edit in its place. Only for edits without a problem. */
export function withEdits(value: Json, fields: readonly Field[], edits: Edits): Json {
  return fields.reduce((whole, field) => {
    const text = edits.get(field.id);
    return text === undefined || text === field.text ? whole : replaced(whole, field.keys, written(field, text));
  }, value);
}

function written(field: Field, text: string): Json {
  if (field.kind === "text") return { kind: "text", text };
  return parseJson(text.trim());
}

function replaced(whole: Json, keys: readonly string[], value: Json): Json {
  const [key, ...rest] = keys;
  if (key === undefined || whole.kind !== "object") return value;
  return {
    kind: "object",
    members: whole.members.map(([name, member]) => [name, name === key ? replaced(member, rest, value) : member] as const),
  };
}
