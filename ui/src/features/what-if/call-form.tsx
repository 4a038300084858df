/** The tool's own parameters as fields. What is optional is left out until it is switched on. */
import { Autocomplete, Checkbox, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { Marked } from "@/components/marked";
import type { Parameter, Values } from "./call-values";
import classes from "./what-if.module.css";

const MOST = 60;

export function CallForm({ parameters, values, onChange }: {
  parameters: readonly Parameter[];
  values: Values;
  onChange: (values: Values) => void;
}) {
  if (parameters.length === 0) return <p className="muted">This tool names no parameters. What it should be given can be pasted as JSON.</p>;
  const leaveOut = (id: string): void => { onChange(Object.fromEntries(Object.entries(values).filter(([key]) => key !== id))); };
  return (
    <div className={classes.form} role="group" aria-label="Arguments">
      {parameters.slice(0, MOST).map((parameter) => {
        const value = values[parameter.id];
        return (
          <div key={parameter.id} className={classes.parameter} data-given={value !== undefined || undefined}>
            <Checkbox
              size="md" checked={value !== undefined} aria-label={`Give ${parameter.label}`} className={classes.given}
              onChange={(event) => {
                if (event.currentTarget.checked) onChange({ ...values, [parameter.id]: parameter.values[0] ?? (parameter.editor === "flag" ? "true" : "") });
                else leaveOut(parameter.id);
              }}
            />
            <div className={classes.named}>
              <span><code><Marked text={parameter.label} /></code> <span className="faint small">{parameter.kind}{parameter.required ? "" : ", optional"}</span></span>
              {parameter.description !== null && <span className="faint small"><Marked text={parameter.description.split("\n", 1)[0] ?? ""} /></span>}
            </div>
            {value === undefined
              ? <span className="faint small">left out</span>
              : <Field parameter={parameter} value={value} onChange={(next) => { onChange({ ...values, [parameter.id]: next }); }} />}
          </div>
        );
      })}
      {parameters.length > MOST && <p className="faint small">{parameters.length - MOST} more; give them as JSON.</p>}
    </div>
  );
}

function Field({ parameter: { label, closed, values, editor, whole }, value, onChange }: {
  parameter: Parameter;
  value: string;
  onChange: (value: string) => void;
}) {
  const mono = { input: classes.mono ?? "" };
  const name = `Value of ${label}`;
  const testId = `try-${label}`;
  if (closed || editor === "flag") {
    return (
      <NativeSelect
        aria-label={name} value={value} data={closed ? [...new Set(["", ...values])] : ["true", "false"]} data-testid={testId}
        onChange={(event) => { onChange(event.currentTarget.value); }}
      />
    );
  }
  if (whole) {
    return (
      <Textarea
        aria-label={name} value={value} autosize minRows={1} maxRows={6} classNames={mono} data-testid={testId}
        onChange={(event) => { onChange(event.currentTarget.value); }}
      />
    );
  }
  if (editor === "number") {
    return (
      <TextInput
        aria-label={name} value={value} inputMode="decimal" classNames={mono} data-testid={testId}
        onChange={(event) => { onChange(event.currentTarget.value); }}
      />
    );
  }
  return (
    <Autocomplete
      aria-label={name} value={value} data={[...new Set(values)]} limit={12} classNames={mono} onChange={onChange} data-testid={testId}
    />
  );
}
