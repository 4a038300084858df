/** The value side of a row, by what the comparison takes and what the attribute is. Values stay the text that was typed. */
import { Autocomplete, Checkbox, TagsInput, TextInput } from "@mantine/core";
import type { AttributeChoice, OperatorChoice, TreeRow, TreeValue, ValueKind } from "@/ipc/schema";
import classes from "./condition-tree.module.css";
import { PatternTest } from "./pattern-test";

type Change = Partial<Pick<TreeRow, "values" | "ignore_case">>;

const KINDS: Record<ValueKind, string> = { text: "text", number: "number", flag: "true or false", time: "time" };

export function ValueEditor({ row, attribute, operator, problem, onChange }: {
  row: TreeRow;
  attribute: AttributeChoice | undefined;
  operator: OperatorChoice | undefined;
  problem: boolean;
  onChange: (change: Change) => void;
}) {
  const kind = row.values[0]?.kind ?? operator?.kinds[0] ?? "text";
  const set = (at: number, text: string): void => {
    onChange({ values: row.values.map((value, index) => index === at ? { ...value, text } : value) });
  };
  const takes = operator?.takes ?? (row.values.length > 1 ? "many" : row.values.length === 1 ? "one" : "nothing");
  return (
    <>
      {takes === "many"
        ? <Many values={row.values} kind={kind} attribute={attribute} problem={problem} onChange={(values) => { onChange({ values }); }} />
        : row.values.map((value, index) => (
          <span key={index} className={classes.value}>
            {index > 0 && <span className="faint">and</span>}
            <One value={value} attribute={attribute} folders={row.operator === "within_path"} whole={row.operator === "equals" || row.operator === "not_equals"} problem={problem} label={row.values.length > 1 ? (index === 0 ? "From" : "To") : "Value"} onChange={(text) => { set(index, text); }} />
          </span>
        ))}
      {operator !== undefined && operator.kinds.length > 1 && (
        <select
          className={classes.operator} aria-label="Kind of value" value={kind}
          onChange={(event) => {
            const next = operator.kinds.find((one) => one === event.currentTarget.value);
            if (next !== undefined) onChange({ values: row.values.map((value) => ({ kind: next, text: next === "flag" ? "true" : value.text })) });
          }}
        >
          {operator.kinds.map((one) => <option key={one} value={one}>{KINDS[one]}</option>)}
        </select>
      )}
      {kind === "number" && attribute?.unit != null && row.values.length > 0 && <span className={classes.unit}>{attribute.unit}</span>}
      {operator?.ignores_case === true && kind === "text" && (
        <Checkbox
          size="md" label="any case" checked={row.ignore_case} className={classes.case}
          onChange={(event) => { onChange({ ignore_case: event.currentTarget.checked }); }}
        />
      )}
      {row.operator === "matches" && <PatternTest pattern={row.values[0]?.text ?? ""} ignoreCase={row.ignore_case} seen={attribute?.values ?? []} />}
    </>
  );
}

function One({ value, attribute, folders, whole, label, problem, onChange }: {
  value: TreeValue;
  /** It is compared with all of the value, not with a part of it. */
  whole: boolean;
  /** A folder is wanted, not what lies in it. */
  folders: boolean;
  attribute: AttributeChoice | undefined;
  label: string;
  problem: boolean;
  onChange: (text: string) => void;
}) {
  const closed = whole && attribute?.closed === true && attribute.values.includes(value.text === "" ? attribute.values[0] ?? "" : value.text);
  if (value.kind === "flag") {
    return (
      <select className={classes.operator} aria-label={label} value={value.text} onChange={(event) => { onChange(event.currentTarget.value); }} data-testid="value" data-kind="flag">
        <option value="true">true</option>
        <option value="false">false</option>
      </select>
    );
  }
  if (closed) {
    return (
      <select className={classes.operator} aria-label={label} value={value.text} onChange={(event) => { onChange(event.currentTarget.value); }} data-testid="value">
        {value.text === "" && <option value="">choose</option>}
        {attribute.values.map((one) => <option key={one} value={one}>{one}</option>)}
      </select>
    );
  }
  if (value.kind === "time") return <Time value={value.text} label={label} problem={problem} onChange={onChange} />;
  if (value.kind === "number") {
    return (
      <TextInput
        className={classes.number} classNames={{ input: classes.mono }} aria-label={label} value={value.text} inputMode="decimal" error={problem}
        placeholder="0" onChange={(event) => { onChange(event.currentTarget.value); }} data-testid="value" data-kind="number"
      />
    );
  }
  return (
    <Autocomplete
      className={classes.text} classNames={{ input: classes.mono ?? "" }} aria-label={label} value={value.text} data={folders ? foldersOf(attribute?.values ?? []) : [...new Set(attribute?.values ?? [])]} limit={12} error={problem}
      placeholder={attribute?.editor === "path" ? "/a/folder" : ""} onChange={onChange} data-testid="value" data-kind="text" comboboxProps={{ withinPortal: true }}
    />
  );
}

function Many({ values, kind, attribute, problem, onChange }: {
  values: readonly TreeValue[];
  kind: ValueKind;
  attribute: AttributeChoice | undefined;
  problem: boolean;
  onChange: (values: TreeValue[]) => void;
}) {
  return (
    <TagsInput
      className={classes.many} aria-label="Values" value={values.map(({ text }) => text)} data={[...new Set(attribute?.values ?? [])]} error={problem} acceptValueOnBlur
      placeholder={values.length === 0 ? "type, then Enter" : ""} onChange={(next) => { onChange(next.map((text) => ({ kind, text }))); }} data-testid="values" data-kind={kind}
    />
  );
}

/** The folders in which what was seen lately lies, the nearest first. */
function foldersOf(paths: readonly string[]): string[] {
  const found = paths.flatMap((path) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, index) => parts.slice(0, parts.length - index).join("/")).filter((folder) => folder !== "");
  });
  return [...new Set(found)].sort((a, b) => b.split("/").length - a.split("/").length);
}

/** A moment with its zone, as the text needs it; picked in the zone of this machine. */
function Time({ value, label, problem, onChange }: { value: string; label: string; problem: boolean; onChange: (text: string) => void }) {
  const parsed = value === "" ? null : new Date(value);
  const isMoment = parsed !== null && !Number.isNaN(parsed.getTime());
  if (value !== "" && !isMoment) {
    return <TextInput className={classes.text} aria-label={label} value={value} error onChange={(event) => { onChange(event.currentTarget.value); }} data-testid="value" />;
  }
  return (
    <input
      type="datetime-local" step={1} className={classes.operator} aria-label={label} aria-invalid={problem} value={parsed === null ? "" : local(parsed)} data-testid="value"
      onChange={(event) => {
        const at = new Date(event.currentTarget.value);
        onChange(Number.isNaN(at.getTime()) ? "" : at.toISOString().replace(".000Z", "Z"));
      }}
    />
  );
}

const local = (at: Date): string => new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
