/**
 * Edits of the condition's tree by path, over react-querybuilder's headless core. What a row means, which comparisons
 * there are and whether it is finished is Rust's to say.
 */
import { add, move, remove, type RuleGroupType, type RuleType } from "@react-querybuilder/core";
import type { AttributeChoice, OperatorChoice, TreeNode, TreeRow } from "@/ipc/schema";

export type Group = Extract<TreeNode, { kind: "group" }>;
export type Path = readonly number[];

/** "0.2" */
export const pathOf = (at: string): Path => at === "" ? [] : at.split(".").map(Number);

export const emptyGroup = (joined: "all" | "any" = "all"): Group => ({ kind: "group", joined, negated: false, parts: [] });

export const asGroup = (tree: TreeNode): Group => tree.kind === "group" ? tree : { ...emptyGroup(), parts: [tree] };

export function nodeAt(tree: TreeNode, path: Path): TreeNode | undefined {
  return path.reduce<TreeNode | undefined>((node, index) => node?.kind === "group" ? node.parts[index] : undefined, tree);
}

export function replaceAt(tree: TreeNode, path: Path, change: (node: TreeNode) => TreeNode): TreeNode {
  const [first, ...rest] = path;
  if (first === undefined) return change(tree);
  if (tree.kind !== "group") return tree;
  return { ...tree, parts: tree.parts.map((part, index) => index === first ? replaceAt(part, rest, change) : part) };
}

export function addTo(tree: Group, path: Path, node: TreeNode): Group {
  return fromQuery(add(toQuery(tree), toRule(node), [...path]));
}

/** A group that loses its last part goes with it. */
export function removeAt(tree: Group, path: Path): Group {
  const parent = path.slice(0, -1);
  const left = fromQuery(remove(toQuery(tree), [...path]));
  const group = nodeAt(left, parent);
  return parent.length > 0 && group?.kind === "group" && group.parts.length === 0 ? removeAt(left, parent) : left;
}

/** To a new place, given as it is before the move. Into itself nothing moves. */
export function moveTo(tree: Group, from: Path, to: Path): Group {
  if (to.length > from.length && from.every((index, at) => to[at] === index)) return tree;
  const moved = fromQuery(move(toQuery(tree), [...from], [...to]));
  return pruned(moved);
}

function pruned(group: Group): Group {
  return {
    ...group,
    parts: group.parts
      .map((part) => part.kind === "group" ? pruned(part) : part)
      .filter((part) => part.kind !== "group" || part.parts.length > 0),
  };
}

/** Of each leaf its position in the order written, by path. */
export function leafNumbers(tree: TreeNode): Map<string, number> {
  const numbers = new Map<string, number>();
  const walk = (node: TreeNode, path: Path): void => {
    if (node.kind === "group") node.parts.forEach((part, index) => { walk(part, [...path, index]); });
    else numbers.set(path.join("."), numbers.size);
  };
  walk(tree, []);
  return numbers;
}

/** A row about this attribute, with the first comparison it has. */
export function rowFor(attribute: AttributeChoice, wanted?: string): TreeRow & { kind: "row" } {
  const operator = attribute.operators.find(({ id }) => id === wanted) ?? attribute.operators[0];
  const row = { kind: "row", attribute: attribute.attribute, each: null, operator: "equals", negated: false, ignore_case: false, values: [] } as const;
  return operator === undefined ? { ...row, values: [] } : withOperator({ ...row, values: [] }, attribute, operator);
}

/** The row with another comparison; values stay where they fit. */
export function withOperator(row: TreeRow, attribute: AttributeChoice, operator: OperatorChoice): TreeRow & { kind: "row" } {
  const kind = row.values[0] !== undefined && operator.kinds.includes(row.values[0].kind) ? row.values[0].kind : operator.kinds[0];
  // A chip that says nothing would be a value that is missing, and cannot be seen.
  const kept = row.values.map(({ text }) => text).filter((text) => operator.takes !== "many" || text !== "");
  const fallback = kind === "flag" ? "true" : "";
  const count = { nothing: 0, one: 1, two: 2, many: kept.length }[operator.takes];
  const values = kind === undefined ? [] : Array.from({ length: count }, (_, index) => ({ kind, text: kept[index] ?? fallback }));
  return {
    kind: "row",
    attribute: attribute.attribute,
    each: attribute.part === null ? null : { all: operator.each_all, negated: operator.each_negated, part: attribute.part },
    operator: operator.operator,
    negated: operator.negated,
    ignore_case: row.ignore_case && operator.ignores_case,
    values,
  };
}

export const attributeOf = (row: TreeRow, attributes: readonly AttributeChoice[]): AttributeChoice | undefined =>
  attributes.find(({ attribute, part }) => attribute === row.attribute && part === (row.each?.part ?? null));

export const operatorOf = (row: TreeRow, attribute: AttributeChoice | undefined): OperatorChoice | undefined =>
  attribute?.operators.find((choice) =>
    choice.operator === row.operator && choice.negated === row.negated
    && choice.each_all === (row.each?.all ?? false) && choice.each_negated === (row.each?.negated ?? false));

type Rule = RuleType<string, string, TreeNode>;
type Query = RuleGroupType<Rule>;

function toQuery(group: Group): Query {
  return { combinator: group.joined, not: group.negated, rules: group.parts.map(toRule) };
}

function toRule(node: TreeNode): Query | Rule {
  return node.kind === "group" ? toQuery(node) : { field: "", operator: "", value: node };
}

function fromQuery(query: Query): Group {
  return {
    kind: "group", joined: query.combinator === "any" ? "any" : "all", negated: query.not ?? false,
    parts: query.rules.map((rule) => "rules" in rule ? fromQuery(rule) : rule.value),
  };
}
