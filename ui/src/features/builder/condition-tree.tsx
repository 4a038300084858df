/** The second question: when. Groups of all, any or none; rows that are dragged by their handle, or moved by keys. */
import { Button, SegmentedControl } from "@mantine/core";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import type { AttributeChoice, Catalogue, DraftView, RowView, TreeNode } from "@/ipc/schema";
import { useDrag } from "@/lib/use-drag";
import { AttributePicker } from "./attribute-picker";
import { Grip, Leaf, Remove, type Doing, type Step } from "./condition-row";
import classes from "./condition-tree.module.css";
import { placeAt } from "./drop-place";
import { addTo, emptyGroup, leafNumbers, moveTo, nodeAt, pathOf, removeAt, replaceAt, rowFor, type Group, type Path } from "./tree";

const NONE: readonly AttributeChoice[] = [];

type Props = {
  tree: Group;
  view: DraftView | undefined;
  catalogue: Catalogue | undefined;
  onChange: (tree: Group, field: string) => void;
};

/** Drawn anew only where what it shows has changed: typing elsewhere waits for none of it. */
export const ConditionTree = memo(Tree, (before, now) => before.tree === now.tree && before.catalogue === now.catalogue
  && before.onChange === now.onChange && before.view?.rows === now.view?.rows && before.view?.findings === now.view?.findings);

/** What the groups look up of their parts. */
type Shown = {
  attributes: readonly AttributeChoice[];
  rows: ReadonlyMap<string, RowView>;
  marked: ReadonlySet<string>;
  /** Where a dragged part would land: before this path. */
  target: string | null;
  dragged: string | null;
  doing: Doing;
};

function Tree({ tree, view, catalogue, onChange }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const [said, setSaid] = useState("");
  const numbers = leafNumbers(tree);
  // Rows that Rust read belong to the tree it read; while it reads a newer one they may be others.
  const rows = new Map<string, RowView>();
  const marked = new Set<string>();
  for (const [path, number] of numbers) {
    const row = view?.rows[number];
    if (row !== undefined && (view?.rows.length === numbers.size || row.problem !== null)) rows.set(path, row);
    if (view?.findings.some((finding) => finding.row === number && finding.severity !== "advice") === true) marked.add(path);
  }
  const drag = useDrag<string, string>(
    (x, y, from) => placeAt(holder.current, x, y, from),
    (from, to) => { onChange(moveTo(tree, pathOf(from), pathOf(to)), "move"); },
  );
  const latest = useRef({ tree, onChange });
  useEffect(() => { latest.current = { tree, onChange }; });
  const { grip } = drag;
  // The same for every drawing: a row is drawn anew only for what it shows.
  const doing = useMemo<Doing>(() => {
    const put = (change: (tree: Group) => Group, field: string): void => { latest.current.onChange(change(latest.current.tree), field); };
    const focus = (path: Path): void => {
      requestAnimationFrame(() => {
        holder.current?.querySelector<HTMLElement>(`[data-path="${path.join(".")}"] [data-grip]`)?.focus();
      });
    };
    return {
      change: (at, change, field) => { put((now) => replaceAt(now, pathOf(at), change) as Group, `row ${field}`); },
      add: (at, node) => { put((now) => addTo(now, pathOf(at), node), "add"); },
      remove: (at) => {
        put((now) => removeAt(now, pathOf(at)), "remove");
        setSaid("Removed.");
      },
      step: (at, by) => {
        const path = pathOf(at);
        const to = stepOf(latest.current.tree, path, by);
        if (to === null) return;
        put((now) => moveTo(now, path, to), "move");
        setSaid("Moved.");
        const isSibling = path.length === to.length && path.slice(0, -1).join() === to.slice(0, -1).join();
        const left = isSibling && (to.at(-1) ?? 0) > (path.at(-1) ?? 0);
        focus(left ? [...to.slice(0, -1), (to.at(-1) ?? 1) - 1] : to);
      },
      grip,
    };
  }, [grip]);
  const shown: Shown = { attributes: catalogue?.attributes ?? NONE, rows, marked, target: drag.target, dragged: drag.dragged, doing };
  return (
    <div ref={holder} className={classes.tree} data-testid="condition-tree">
      <GroupView group={tree} at="" shown={shown} />
      <span role="status" className={classes.said}>{said}</span>
    </div>
  );
}

/** Where a step leads, as a place before the move. */
function stepOf(tree: Group, path: Path, by: Step): Path | null {
  const parent = path.slice(0, -1);
  const index = path.at(-1) ?? 0;
  const group = nodeAt(tree, parent);
  if (group?.kind !== "group") return null;
  switch (by) {
    case "up": return index > 0 ? [...parent, index - 1] : null;
    case "down": return index < group.parts.length - 1 ? [...parent, index + 2] : null;
    case "in": {
      const before = group.parts[index - 1];
      return before?.kind === "group" ? [...parent, index - 1, before.parts.length] : null;
    }
    case "out": return parent.length === 0 ? null : [...parent.slice(0, -1), (parent.at(-1) ?? 0) + 1];
  }
}

const JOINS = [
  { value: "all", label: "all of" },
  { value: "any", label: "any of" },
  { value: "none", label: "none of" },
];

const within = (at: string, index: number): string => at === "" ? `${index}` : `${at}.${index}`;

function GroupView({ group, at, shown }: { group: Group; at: string; shown: Shown }) {
  const { attributes, rows, marked, target, dragged, doing } = shown;
  const join = group.joined === "any" ? (group.negated ? "none" : "any") : (group.negated ? "not_all" : "all");
  const isRoot = at === "";
  const name = isRoot ? "When" : `Group ${pathOf(at).map((index) => index + 1).join(".")}`;
  const end = within(at, group.parts.length);
  return (
    <div
      className={classes.group} data-join={join} data-path={at} data-root={isRoot || undefined} data-group role="group" aria-label={name}
      data-before={!isRoot && target === at ? true : undefined} data-dragged={dragged === at || undefined}
    >
      <Head join={join} at={at} name={name} doing={doing} />
      {group.parts.map((part, index) => {
        const place = within(at, index);
        return part.kind === "group"
          ? <GroupView key={index} group={part} at={place} shown={shown} />
          : (
            <Leaf
              key={index} node={part} at={place} row={rows.get(place)} marked={marked.has(place)} target={target === place}
              dragged={dragged === place} attributes={attributes} doing={doing}
            />
          );
      })}
      <Add at={at} end={end} joined={group.joined} target={target === end} attributes={attributes} doing={doing} />
    </div>
  );
}

const Head = memo(function Head({ join, at, name, doing }: { join: string; at: string; name: string; doing: Doing }) {
  return (
    <div className={classes.groupHead}>
      {at !== "" && <Grip at={at} doing={doing} what="group" />}
      <SegmentedControl
        size="xs" aria-label={`${name} holds if`} value={join} data={join === "not_all" ? [...JOINS, { value: "not_all", label: "not all of" }] : JOINS}
        onChange={(next) => {
          const change = (node: TreeNode): TreeNode => node.kind === "group"
            ? { ...node, joined: next === "all" || next === "not_all" ? "all" : "any", negated: next === "none" || next === "not_all" }
            : node;
          doing.change(at, change, `join ${at}`);
        }}
      />
      {at !== "" && <Remove what="the group" onClick={() => { doing.remove(at); }} />}
    </div>
  );
});

const Add = memo(function Add({ at, end, joined, target, attributes, doing }: {
  at: string;
  /** The place behind the last part. */
  end: string;
  joined: Group["joined"];
  target: boolean;
  attributes: readonly AttributeChoice[];
  doing: Doing;
}) {
  const isRoot = at === "";
  return (
    <div className={classes.add} data-end={end} data-before={target || undefined}>
      <AttributePicker
        attributes={attributes} label="+ condition" testId={isRoot ? "add-condition" : undefined}
        onPick={(attribute) => { doing.add(at, rowFor(attribute)); }}
      />
      <Button
        size="xs" variant="subtle" data-testid={isRoot ? "add-group" : undefined}
        onClick={() => { doing.add(at, emptyGroup(joined === "all" ? "any" : "all")); }}
      >
        + group
      </Button>
      <Button size="xs" variant="subtle" data-testid={isRoot ? "add-free" : undefined} onClick={() => { doing.add(at, { kind: "free", negated: false, text: "" }); }}>
        + CEL row
      </Button>
    </div>
  );
});
