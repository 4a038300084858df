/** The arguments as fields, before approving: a form by type, and below it what differs from what was asked. */
import { Button, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { DiffView } from "@/components/diff-view";
import { Marked, Pieces } from "@/components/marked";
import { ValueRow, ValueTable } from "@/components/value-table";
import { checked } from "@/lib/pieces";
import { count, plural, size } from "@/lib/words";
import classes from "./edit-arguments.module.css";
import { problemOf, type Change, type Edits, type Field } from "./edited";

const KINDS: Record<Field["kind"], string> = {
  text: "text", number: "number", flag: "true/false", list: "list, as JSON", object: "object, as JSON", null: "nothing, as JSON",
};
/** Longer changes are shown line by line. */
const SHORT = 60;
const ROWS = 100;
const LONGEST = 100_000;

export function EditArguments({ fields, edits, changes, onEdit }: {
  fields: readonly Field[];
  edits: Edits;
  changes: readonly Change[];
  onEdit: (field: string, text: string) => void;
}) {
  const [limit, setLimit] = useState(ROWS);
  const left = fields.length - limit;
  return (
    <section aria-label="Arguments to edit" data-testid="edit-arguments">
      <h2 className={classes.title}>What will be sent in their place</h2>
      <ValueTable label="Arguments to edit">
        {fields.slice(0, limit).map((field) => (
          <ValueRow key={field.id} name={field.path} note={KINDS[field.kind]} testId="edit-row">
            {field.text.length > LONGEST
              ? <span className="faint">{size(field.text.length)}, too long to edit here. It is sent as it is.</span>
              : <EditField field={field} text={edits.get(field.id) ?? field.text} onEdit={(next) => { onEdit(field.id, next); }} />}
          </ValueRow>
        ))}
      </ValueTable>
      {left > 0 && (
        <Button size="xs" className={classes.more} onClick={() => { setLimit(limit + ROWS); }}>
          Show {count(Math.min(left, ROWS))} more of {plural(left, "argument")}
        </Button>
      )}
      <Changes changes={changes} />
    </section>
  );
}

function EditField({ field, text, onEdit }: { field: Field; text: string; onEdit: (text: string) => void }) {
  const problem = problemOf(field, text);
  const label = { "aria-label": field.path, "data-testid": `edit-${field.path}` };
  if (field.kind === "flag") {
    return (
      <SegmentedControl
        {...label} size="xs" value={text} onChange={onEdit}
        data={[{ value: "true", label: "true" }, { value: "false", label: "false" }]}
      />
    );
  }
  if (field.kind === "number") {
    return (
      <TextInput
        {...label} classNames={{ input: classes.value }} value={text} error={problem} inputMode="decimal" autoComplete="off"
        onChange={(event) => { onEdit(event.currentTarget.value); }}
      />
    );
  }
  return (
    <>
      <Textarea
        {...label} classNames={{ input: classes.value }} value={text} error={problem} autosize minRows={1} maxRows={12} spellCheck={false}
        onChange={(event) => { onEdit(event.currentTarget.value); }}
      />
      <Hidden text={text} onEdit={onEdit} />
    </>
  );
}

/** A field cannot show what does not show; this says that it is there, and takes it out. */
function Hidden({ text, onEdit }: { text: string; onEdit: (text: string) => void }) {
  const pieces = checked([{ kind: "plain", text }]);
  const hidden = pieces.filter(({ kind }) => kind === "hidden");
  if (hidden.length === 0) return null;
  const names = [...new Set(hidden.flatMap((piece) => piece.kind === "hidden" ? [piece.name] : []))];
  return (
    <div className={classes.hidden}>
      <span>
        {plural(hidden.length, "hidden character")} in it:{" "}
        <Pieces pieces={names.map((name) => ({ kind: "hidden", text: "", name }))} />
      </span>
      <Button
        size="xs" onClick={() => { onEdit(pieces.map((piece) => piece.kind === "hidden" ? "" : piece.text).join("")); }}
      >
        Take out
      </Button>
    </div>
  );
}

function Changes({ changes }: { changes: readonly Change[] }) {
  return (
    <div className={classes.changes} role="group" aria-label="What changes" data-testid="edit-changes">
      <h2 className={classes.title}>What changes</h2>
      {changes.length === 0
        ? <p className="faint">Nothing yet. Change a value; the agent is told what was sent in its place.</p>
        : changes.map((change) => <ChangeLine key={change.id} {...change} />)}
    </div>
  );
}

function ChangeLine({ path, before, after, problem }: Change) {
  if (problem !== null) {
    return (
      <p className={classes.change} data-testid="change-wrong">
        <span className={classes.path}><Marked text={path} /></span>{" "}
        <span className="muted">cannot be sent as it is written</span>
      </p>
    );
  }
  if (before.length > SHORT || after.length > SHORT || `${before}${after}`.includes("\n")) {
    return (
      <div className={classes.long}>
        <span className={classes.path}><Marked text={path} /></span>
        <DiffView before={before} after={after} label={`Changes of ${path}`} />
      </div>
    );
  }
  return (
    <p className={classes.change}>
      <span className={classes.path}><Marked text={path} /></span>{" "}
      <span className={classes.said}>was</span>{" "}
      <del className={classes.before}>{before === "" ? "empty" : <Marked text={before} />}</del>{" "}
      <span aria-hidden="true">→</span>{" "}<span className={classes.said}>becomes</span>{" "}
      <ins className={classes.after}>{after === "" ? "empty" : <Marked text={after} />}</ins>
    </p>
  );
}
