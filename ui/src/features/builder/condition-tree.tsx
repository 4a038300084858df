/** The second question: when. Groups of all, any or none; rows that are dragged by their handle, or moved by keys. */
import { Button, SegmentedControl, Textarea, UnstyledButton } from "@mantine/core";
import { memo, useRef, useState } from "react";
import { Icon } from "@/components/icon";
import type { AttributeChoice, Catalogue, DraftView, RowView, TreeNode, TreeRow } from "@/ipc/schema";
import { sentence } from "@/lib/words";
import { AttributePicker } from "./attribute-picker";
import classes from "./condition-tree.module.css";
import {
  addTo, attributeOf, emptyGroup, leafNumbers, moveTo, nodeAt, operatorOf, removeAt, replaceAt, rowFor, withOperator,
  type Group, type Path,
} from "./tree";
import { useDragging } from "./use-dragging";
import { ValueEditor } from "./value-editor";

type Doing = {
  attributes: readonly AttributeChoice[];
  rows: ReadonlyMap<string, RowView>;
  marked: ReadonlySet<string>;
  /** Where a dragged part would land: before this path. */
  target: string | null;
  dragged: string | null;
  change: (path: Path, change: (node: TreeNode) => TreeNode, field?: string) => void;
  add: (path: Path, node: TreeNode) => void;
  remove: (path: Path) => void;
  step: (path: Path, by: "up" | "down" | "in" | "out") => void;
  grip: (path: Path) => (event: React.PointerEvent<HTMLElement>) => void;
};

type Props = {
  tree: Group;
  view: DraftView | undefined;
  catalogue: Catalogue | undefined;
  onChange: (tree: Group, field: string) => void;
};

/** Drawn anew only where what it shows has changed: typing elsewhere waits for none of it. */
export const ConditionTree = memo(Tree, (before, now) => before.tree === now.tree && before.catalogue === now.catalogue
  && before.onChange === now.onChange && before.view?.rows === now.view?.rows && before.view?.findings === now.view?.findings);

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
  const focus = (path: Path): void => {
    requestAnimationFrame(() => {
      holder.current?.querySelector<HTMLElement>(`[data-path="${path.join(".")}"] [data-grip]`)?.focus();
    });
  };
  const drag = useDragging(holder, (from, to) => { onChange(moveTo(tree, from, to), "move"); });
  const doing: Doing = {
    attributes: catalogue?.attributes ?? [], rows, marked, target: drag.target, dragged: drag.dragged,
    change: (path, change, field = path.join(".")) => { onChange(replaceAt(tree, path, change) as Group, `row ${field}`); },
    add: (path, node) => { onChange(addTo(tree, path, node), "add"); },
    remove: (path) => {
      onChange(removeAt(tree, path), "remove");
      setSaid("Removed.");
    },
    step: (path, by) => {
      const to = stepOf(tree, path, by);
      if (to === null) return;
      onChange(moveTo(tree, path, to), "move");
      setSaid("Moved.");
      const isSibling = path.length === to.length && path.slice(0, -1).join() === to.slice(0, -1).join();
      const left = isSibling && (to.at(-1) ?? 0) > (path.at(-1) ?? 0);
      focus(left ? [...to.slice(0, -1), (to.at(-1) ?? 1) - 1] : to);
    },
    grip: drag.grip,
  };
  return (
    <div ref={holder} className={classes.tree} data-testid="condition-tree">
      <GroupView group={tree} path={[]} doing={doing} />
      <span role="status" className={classes.said}>{said}</span>
    </div>
  );
}

/** Where a step leads, as a place before the move. */
function stepOf(tree: Group, path: Path, by: "up" | "down" | "in" | "out"): Path | null {
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

function GroupView({ group, path, doing }: { group: Group; path: Path; doing: Doing }) {
  const join = group.joined === "any" ? (group.negated ? "none" : "any") : (group.negated ? "not_all" : "all");
  const isRoot = path.length === 0;
  const name = isRoot ? "When" : `Group ${path.map((index) => index + 1).join(".")}`;
  return (
    <div
      className={classes.group} data-join={join} data-path={path.join(".")} data-root={isRoot || undefined} data-group role="group" aria-label={name}
      data-before={!isRoot && doing.target === path.join(".") ? true : undefined}
    >
      <div className={classes.groupHead}>
        {!isRoot && <Grip path={path} doing={doing} what="group" />}
        <SegmentedControl
          size="xs" aria-label={`${name} holds if`} value={join} data={join === "not_all" ? [...JOINS, { value: "not_all", label: "not all of" }] : JOINS}
          onChange={(next) => {
            doing.change(path, (node) => node.kind === "group"
              ? { ...node, joined: next === "all" || next === "not_all" ? "all" : "any", negated: next === "none" || next === "not_all" }
              : node, `join ${path.join(".")}`);
          }}
        />
        {!isRoot && <Remove what="the group" onClick={() => { doing.remove(path); }} />}
      </div>
      {group.parts.map((part, index) => {
        const at = [...path, index];
        return part.kind === "group"
          ? <GroupView key={index} group={part} path={at} doing={doing} />
          : <Leaf key={index} node={part} path={at} doing={doing} />;
      })}
      <div className={classes.add} data-end={[...path, group.parts.length].join(".")} data-before={doing.target === [...path, group.parts.length].join(".") ? true : undefined}>
        <AttributePicker
          attributes={doing.attributes} label="+ condition" testId={isRoot ? "add-condition" : undefined}
          onPick={(attribute) => { doing.add(path, rowFor(attribute)); }}
        />
        <Button
          size="xs" variant="subtle" data-testid={isRoot ? "add-group" : undefined}
          onClick={() => { doing.add(path, emptyGroup(group.joined === "all" ? "any" : "all")); }}
        >
          + group
        </Button>
        <Button size="xs" variant="subtle" data-testid={isRoot ? "add-free" : undefined} onClick={() => { doing.add(path, { kind: "free", negated: false, text: "" }); }}>
          + CEL row
        </Button>
      </div>
    </div>
  );
}

const Leaf = memo(function Leaf({ node, path, doing }: { node: Exclude<TreeNode, { kind: "group" }>; path: Path; doing: Doing }) {
  const at = path.join(".");
  const row = doing.rows.get(at);
  const name = row?.words ?? (node.kind === "row" ? node.attribute : node.text);
  return (
    <div
      className={classes.row} data-path={at} data-marked={doing.marked.has(at) || undefined}
      data-before={doing.target === at ? true : undefined}
      data-dragged={doing.dragged === at || undefined} role="group" aria-label={`Condition: ${name === "" ? "empty" : name}`} data-testid="condition-row"
    >
      <Grip path={path} doing={doing} what={name === "" ? "row" : name} />
      <div className={classes.cells}>
        {node.kind === "row"
          ? <RowCells row={node} doing={doing} onChange={(next, field) => { doing.change(path, () => next, `${at} ${field}`); }} problem={row?.problem != null} />
          : (
            <>
              <SegmentedControl
                size="xs" aria-label="This CEL" value={node.negated ? "not" : "is"} data={[{ value: "is", label: "holds" }, { value: "not", label: "does not" }]}
                onChange={(next) => { doing.change(path, () => ({ ...node, negated: next === "not" })); }}
              />
              <Textarea
                className={classes.free} aria-label="CEL" placeholder="amount + tax > 100" value={node.text} autosize minRows={1} maxRows={6}
                classNames={{ input: classes.mono }} error={row?.problem != null}
                onChange={(event) => { const text = event.currentTarget.value; doing.change(path, () => ({ ...node, text }), `${at} text`); }}
              />
            </>
          )}
      </div>
      <Remove what={name === "" ? "the row" : name} onClick={() => { doing.remove(path); }} />
      {(row?.problem != null || row?.missing != null || node.kind === "row") && (
        <div className={classes.under} data-problem={row?.problem != null || undefined}>
          {row?.problem != null
            ? sentence(row.problem.message) + (row.problem.hint === "" ? "" : ` ${sentence(row.problem.hint)}`)
            : <Notes row={node.kind === "row" ? node : null} missing={row?.missing ?? null} attributes={doing.attributes} />}
        </div>
      )}
    </div>
  );
});

function Notes({ row, missing, attributes }: { row: TreeRow | null; missing: string | null; attributes: readonly AttributeChoice[] }) {
  const attribute = row === null ? undefined : attributeOf(row, attributes);
  return [...(attribute?.notes ?? []), ...(missing === null ? [] : [missing])].join("; ");
}

function RowCells({ row, doing, onChange, problem }: {
  row: TreeRow;
  doing: Doing;
  onChange: (row: TreeRow & { kind: "row" }, field: string) => void;
  problem: boolean;
}) {
  const attribute = attributeOf(row, doing.attributes);
  const operator = operatorOf(row, attribute);
  return (
    <>
      <AttributePicker
        attributes={doing.attributes} chosen={attribute} label={attribute?.label ?? row.attribute}
        onPick={(next) => {
          const same = next.operators.find(({ id }) => id === operator?.id);
          onChange(same === undefined ? rowFor(next) : withOperator({ ...row, attribute: next.attribute }, next, same), "attribute");
        }}
      />
      <select
        className={classes.operator} aria-label="Comparison" value={operator?.id ?? ""} data-testid="operator"
        onChange={(event) => {
          const next = attribute?.operators.find(({ id }) => id === event.currentTarget.value);
          if (attribute !== undefined && next !== undefined) onChange(withOperator(row, attribute, next), "operator");
        }}
      >
        {operator === undefined && <option value="">{`${row.negated ? "not " : ""}${row.operator.replaceAll("_", " ")}`}</option>}
        {attribute?.operators.map(({ id, label }) => <option key={id} value={id}>{label}</option>)}
      </select>
      <ValueEditor row={row} attribute={attribute} operator={operator} problem={problem} onChange={(next) => { onChange({ ...row, ...next, kind: "row" }, "value"); }} />
    </>
  );
}

const MOVES: Readonly<Record<string, "up" | "down" | "in" | "out">> = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" };

function Grip({ path, doing, what }: { path: Path; doing: Doing; what: string }) {
  return (
    <UnstyledButton
      className={classes.grip} data-grip aria-label={`Move ${what}: arrow keys up and down, right into the group above, left out of its group`}
      title="Drag, or use the arrow keys" onPointerDown={doing.grip(path)}
      onKeyDown={(event) => {
        const by = MOVES[event.key];
        if (by !== undefined) {
          event.preventDefault();
          doing.step(path, by);
        }
      }}
    >
      <span aria-hidden="true">⠿</span>
    </UnstyledButton>
  );
}

function Remove({ what, onClick }: { what: string; onClick: () => void }) {
  return <UnstyledButton className={classes.remove} aria-label={`Remove ${what}`} onClick={onClick}><Icon name="cross" /></UnstyledButton>;
}
