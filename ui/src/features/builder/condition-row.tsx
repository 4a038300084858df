/** One row of the condition: what it looks at, how it compares, with what; and beneath it what a missing value does. */
import { SegmentedControl, Textarea, UnstyledButton } from "@mantine/core";
import { memo, type PointerEvent } from "react";
import { Icon } from "@/components/icon";
import { Prose } from "@/components/prose";
import type { AttributeChoice, RowView, TreeNode, TreeRow } from "@/ipc/schema";
import { sentence } from "@/lib/words";
import { AttributePicker } from "./attribute-picker";
import classes from "./condition-tree.module.css";
import { attributeOf, operatorOf, rowFor, withOperator } from "./tree";
import { ValueEditor } from "./value-editor";

export type Step = "up" | "down" | "in" | "out";

/** What a row or a group does to the tree; places are paths, "0.2". */
export type Doing = {
  change: (at: string, change: (node: TreeNode) => TreeNode, field: string) => void;
  add: (at: string, node: TreeNode) => void;
  remove: (at: string) => void;
  step: (at: string, by: Step) => void;
  grip: (at: string) => (event: PointerEvent<HTMLElement>) => void;
};

export const Leaf = memo(function Leaf({ node, at, row, marked, target, dragged, attributes, doing }: {
  node: Exclude<TreeNode, { kind: "group" }>;
  at: string;
  row: RowView | undefined;
  marked: boolean;
  target: boolean;
  dragged: boolean;
  attributes: readonly AttributeChoice[];
  doing: Doing;
}) {
  const name = row?.words ?? (node.kind === "row" ? node.attribute : node.text);
  return (
    <div
      className={classes.row} data-path={at} data-marked={marked || undefined} data-before={target || undefined}
      data-dragged={dragged || undefined} role="group" aria-label={`Condition: ${name === "" ? "empty" : name}`} data-testid="condition-row"
    >
      <Grip at={at} doing={doing} what={name === "" ? "row" : name} />
      <div className={classes.cells}>
        {node.kind === "row"
          ? <RowCells row={node} attributes={attributes} onChange={(next, field) => { doing.change(at, () => next, `${at} ${field}`); }} problem={row?.problem != null} />
          : (
            <>
              <SegmentedControl
                size="xs" aria-label="This CEL" value={node.negated ? "not" : "is"} data={[{ value: "is", label: "holds" }, { value: "not", label: "does not" }]}
                onChange={(next) => { doing.change(at, () => ({ ...node, negated: next === "not" }), at); }}
              />
              <Textarea
                className={classes.free} aria-label="CEL" placeholder="amount + tax > 100" value={node.text} autosize minRows={1} maxRows={6}
                classNames={{ input: classes.mono }} error={row?.problem != null}
                onChange={(event) => { const text = event.currentTarget.value; doing.change(at, () => ({ ...node, text }), `${at} text`); }}
              />
            </>
          )}
      </div>
      <Remove what={name === "" ? "the row" : name} onClick={() => { doing.remove(at); }} />
      {(row?.problem != null || row?.missing != null || node.kind === "row") && (
        <div className={classes.under} data-problem={row?.problem != null || undefined}>
          {row?.problem != null
            ? <Prose text={sentence(row.problem.message) + (row.problem.hint === "" ? "" : ` ${sentence(row.problem.hint)}`)} />
            : <Notes row={node.kind === "row" ? node : null} missing={row?.missing ?? null} attributes={attributes} />}
        </div>
      )}
    </div>
  );
});

function Notes({ row, missing, attributes }: { row: TreeRow | null; missing: string | null; attributes: readonly AttributeChoice[] }) {
  const attribute = row === null ? undefined : attributeOf(row, attributes);
  return [...(attribute?.notes ?? []), ...(missing === null ? [] : [missing])].join("; ");
}

function RowCells({ row, attributes, onChange, problem }: {
  row: TreeRow;
  attributes: readonly AttributeChoice[];
  onChange: (row: TreeRow & { kind: "row" }, field: string) => void;
  problem: boolean;
}) {
  const attribute = attributeOf(row, attributes);
  const operator = operatorOf(row, attribute);
  return (
    <>
      <AttributePicker
        attributes={attributes} chosen={attribute} label={attribute?.label ?? row.attribute}
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

const MOVES: Readonly<Record<string, Step>> = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" };

export function Grip({ at, doing, what }: { at: string; doing: Doing; what: string }) {
  return (
    <UnstyledButton
      className={classes.grip} data-grip aria-label={`Move ${what}: arrow keys up and down, right into the group above, left out of its group`}
      title="Drag, or use the arrow keys" onPointerDown={doing.grip(at)}
      onKeyDown={(event) => {
        const by = MOVES[event.key];
        if (by !== undefined) {
          event.preventDefault();
          doing.step(at, by);
        }
      }}
    >
      <span aria-hidden="true">⠿</span>
    </UnstyledButton>
  );
}

export function Remove({ what, onClick }: { what: string; onClick: () => void }) {
  return <UnstyledButton className={classes.remove} aria-label={`Remove ${what}`} onClick={onClick}><Icon name="cross" /></UnstyledButton>;
}
