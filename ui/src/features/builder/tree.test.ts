import { describe, expect, it } from "vitest";
import type { TreeNode, TreeRow } from "@/ipc/schema";
import { addTo, emptyGroup, leafNumbers, moveTo, nodeAt, removeAt, replaceAt, type Group, type Path } from "./tree";

/** Numbers from a seed, so that a failure can be had again. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

function leaf(roll: (sides: number) => number, name: number): TreeNode {
  if (roll(5) === 0) return { kind: "free", negated: roll(2) === 0, text: `amount + ${name} > 100` };
  const row: TreeRow = {
    attribute: `parameter_${name}`, each: roll(4) === 0 ? { all: roll(2) === 0, negated: roll(2) === 0, part: [".price", ""][roll(2)] ?? "" } : null,
    operator: ["equals", "greater", "between", "in_list", "is_missing", "matches"][roll(6)] ?? "equals", negated: roll(2) === 0, ignore_case: roll(2) === 0,
    values: Array.from({ length: roll(4) }, (_, index) => ({ kind: (["text", "number", "flag", "time"] as const)[roll(4)] ?? "text", text: `v${index}` })),
  };
  return { kind: "row", ...row };
}

function group(roll: (sides: number) => number, depth: number, next: { name: number }): Group {
  const parts = Array.from({ length: 1 + roll(4) }, (): TreeNode =>
    depth > 0 && roll(3) === 0 ? group(roll, depth - 1, next) : leaf(roll, next.name++));
  return { kind: "group", joined: roll(2) === 0 ? "all" : "any", negated: roll(2) === 0, parts };
}

const places = (tree: TreeNode, path: Path = []): Path[] =>
  tree.kind === "group" ? [path, ...tree.parts.flatMap((part, index) => places(part, [...path, index]))] : [path];
const named = (tree: TreeNode): string[] => tree.kind === "group" ? tree.parts.flatMap(named) : [JSON.stringify(tree)];

describe("random trees in the hand", () => {
  const trees = Array.from({ length: 300 }, (_, seed) => ({ roll: dice(seed + 1), tree: group(dice(seed + 1), 4, { name: 0 }) }));

  it("are what they were after a part was added and taken away again", () => {
    for (const { roll, tree } of trees) {
      const groups = places(tree).filter((path) => nodeAt(tree, path)?.kind === "group");
      const path = groups[roll(groups.length)] ?? [];
      const added = addTo(tree, path, emptyGroup("any"));
      const at = nodeAt(added, path);
      expect(at?.kind).toBe("group");
      expect(removeAt(added, [...path, (at?.kind === "group" ? at.parts.length : 1) - 1])).toEqual(tree);
    }
  });

  it("keep every row, each once and as it was, wherever a part is moved", () => {
    for (const { roll, tree } of trees) {
      const all = places(tree).slice(1);
      const from = all[roll(all.length)];
      const to = all[roll(all.length)];
      if (from === undefined || to === undefined) continue;
      const moved = moveTo(tree, from, to);
      expect([...named(moved)].sort()).toEqual([...named(tree)].sort());
      expect(leafNumbers(moved).size).toBe(leafNumbers(tree).size);
    }
  });

  it("change in one place only", () => {
    for (const { roll, tree } of trees) {
      const leaves = places(tree).filter((path) => nodeAt(tree, path)?.kind !== "group");
      const path = leaves[roll(leaves.length)] ?? [];
      const changed = replaceAt(tree, path, () => ({ kind: "free", negated: false, text: "changed" }));
      expect(named(changed).filter((one, index) => one !== named(tree)[index])).toHaveLength(1);
      expect(replaceAt(changed, path, () => nodeAt(tree, path)!)).toEqual(tree);
    }
  });
});
