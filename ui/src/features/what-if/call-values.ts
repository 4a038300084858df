/** The arguments of a made-up call: what is typed into the fields, and the JSON it comes to. */
import type { AttributeChoice } from "@/ipc/schema";

export type Parameter = {
  id: string;
  /** `address`, `city` */
  path: readonly string[];
  label: string;
  kind: string;
  description: string | null;
  editor: AttributeChoice["editor"];
  values: readonly string[];
  closed: boolean;
  required: boolean;
  /** A list or an object: typed as JSON. */
  whole: boolean;
};

/** By parameter; without an entry it is left out. */
export type Values = Readonly<Record<string, string>>;

/** Plain names only: what has odd characters in its name is pasted as JSON. */
export function parametersOf(attributes: readonly AttributeChoice[]): Parameter[] {
  const own = attributes.filter(({ id, part }) => part === null && /^args(?:\.\w+)+$/.test(id));
  const isInside = (id: string): boolean => own.some((other) => other.id.startsWith(`${id}.`));
  return own.filter(({ id }) => !isInside(id)).map((attribute) => ({
    id: attribute.id, path: attribute.id.split(".").slice(1), label: attribute.id.slice("args.".length), kind: attribute.kind,
    description: attribute.description, editor: attribute.editor, values: attribute.values, closed: attribute.closed,
    required: attribute.notes.includes("required"), whole: /\b(?:list|object)\b/.test(attribute.kind),
  }));
}

/** What is required, with a value seen lately where there is one. */
export function filledIn(parameters: readonly Parameter[]): Values {
  const entry = ({ id, values, editor, whole }: Parameter): [string, string] =>
    [id, values[0] ?? (whole ? "[]" : editor === "number" ? "0" : editor === "flag" ? "false" : "")];
  return Object.fromEntries(parameters.filter(({ required }) => required).map(entry));
}

/** Numbers keep the digits that were typed. What is no JSON of its kind is sent as text: the policies see it as it is. */
export function written(parameters: readonly Parameter[], values: Values): string {
  const root: Tree = new Map();
  for (const parameter of parameters) {
    const text = values[parameter.id];
    if (text !== undefined) place(root, parameter.path, json(parameter, text));
  }
  return print(root, 0);
}

type Tree = Map<string, Tree | string>;

function place(tree: Tree, [name, ...rest]: readonly string[], value: string): void {
  if (name === undefined) return;
  if (rest.length === 0) {
    tree.set(name, value);
    return;
  }
  const known = tree.get(name);
  const inner: Tree = known instanceof Map ? known : new Map<string, Tree | string>();
  tree.set(name, inner);
  place(inner, rest, value);
}

function json({ editor, whole, closed }: Parameter, text: string): string {
  const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text.trim());
  if (editor === "number" && isNumber) return text.trim();
  if (editor === "flag" && (text === "true" || text === "false")) return text;
  if (whole && isJson(text)) return text.trim();
  if (closed && isNumber) return text.trim();
  return JSON.stringify(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function print(tree: Tree, depth: number): string {
  if (tree.size === 0) return "{}";
  const indent = "  ".repeat(depth + 1);
  const rows = [...tree].map(([name, value]) => `${indent}${JSON.stringify(name)}: ${value instanceof Map ? print(value, depth + 1) : value}`);
  return `{\n${rows.join(",\n")}\n${"  ".repeat(depth)}}`;
}
