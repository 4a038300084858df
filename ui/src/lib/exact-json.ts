/**
 * JSON whose numbers keep the characters they came with: `7250.00` stays `7250.00`, and one too large for a double
 * stays itself. For editing what a person approves; what is not JSON is refused in words.
 */

export type Json =
  | { kind: "null" }
  | { kind: "flag"; value: boolean }
  | { kind: "number"; text: string }
  | { kind: "text"; text: string }
  | { kind: "list"; items: readonly Json[] }
  | { kind: "object"; members: readonly (readonly [string, Json])[] };

export class NotJson extends Error {}

const DEEPEST = 64;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// Control characters have to be escaped in JSON.

const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** Whether a text is one JSON number, whole. */
export function isNumber(text: string): boolean {
  NUMBER.lastIndex = 0;
  return NUMBER.exec(text)?.[0] === text && text !== "";
}

export function printJson(value: Json): string {
  switch (value.kind) {
    case "null": return "null";
    case "flag": return String(value.value);
    case "number": return value.text;
    case "text": return JSON.stringify(value.text);
    case "list": return `[${value.items.map(printJson).join(",")}]`;
    case "object": return `{${value.members.map(([key, member]) => `${JSON.stringify(key)}:${printJson(member)}`).join(",")}}`;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
    if (depth > DEEPEST) throw new NotJson(`nested deeper than ${DEEPEST} levels`);
    this.#take(SPACE);
    const value = this.#inner(depth);
    this.#take(SPACE);
    return value;
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.#wrong();
  }

  #inner(depth: number): Json {
    if (this.#skip("{")) return { kind: "object", members: this.#members(depth) };
    if (this.#skip("[")) return { kind: "list", items: this.#items(depth) };
    if (this.#skip("null")) return { kind: "null" };
    if (this.#skip("true")) return { kind: "flag", value: true };
    if (this.#skip("false")) return { kind: "flag", value: false };
    const text = this.#take(TEXT);
    if (text !== null) return { kind: "text", text: JSON.parse(text) as string };
    const number = this.#take(NUMBER);
    if (number !== null) return { kind: "number", text: number };
    throw this.#wrong();
  }

  #members(depth: number): [string, Json][] {
    const members: [string, Json][] = [];
    const known = new Set<string>();
    this.#take(SPACE);
    if (this.#skip("}")) return members;
    for (;;) {
      this.#take(SPACE);
      const key = this.#take(TEXT);
      if (key === null) throw this.#wrong();
      const name = JSON.parse(key) as string;
      if (known.has(name)) throw new NotJson(`the name ${key} stands there twice`);
      known.add(name);
      this.#take(SPACE);
      if (!this.#skip(":")) throw this.#wrong();
      members.push([name, this.value(depth + 1)]);
      if (this.#skip("}")) return members;
      if (!this.#skip(",")) throw this.#wrong();
    }
  }

  #items(depth: number): Json[] {
    const items: Json[] = [];
    this.#take(SPACE);
    if (this.#skip("]")) return items;
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.#skip("]")) return items;
      if (!this.#skip(",")) throw this.#wrong();
    }
  }

  #skip(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at += found[0].length;
    return found[0];
  }

  #wrong(): NotJson {
    const next = Array.from(this.#text.slice(this.#at, this.#at + 2))[0];
    return new NotJson(next === undefined ? "it ends too early" : `unexpected ${next} at character ${this.#at + 1}`);
  }
}
