/** How old a proof may be: an amount and a unit, written as the file has it. What is written otherwise stays a text. */
import { NativeSelect, NumberInput, TextInput } from "@mantine/core";
import classes from "./builder.module.css";

const UNITS = [{ value: "s", label: "seconds" }, { value: "m", label: "minutes" }, { value: "h", label: "hours" }];
const USUAL = { s: 30, m: 5, h: 1 } as const;

export function Freshness({ value, onChange }: { value: string | null; onChange: (value: string | null) => void }) {
  const [, digits, unit] = /^(\d{1,6})([smh])$/.exec(value ?? "0s") ?? [];
  if (digits === undefined || unit === undefined) {
    return (
      <TextInput
        label="Given at most this long ago" value={value ?? ""} data-testid="draft-max-age"
        onChange={(event) => { onChange(event.currentTarget.value === "" ? null : event.currentTarget.value); }}
      />
    );
  }
  const isEach = Number(digits) === 0;
  return (
    <div className={classes.fresh}>
      <NativeSelect
        label="A proof counts" value={isEach ? "each" : "while"} data-testid="draft-fresh"
        data={[{ value: "each", label: "for one call" }, { value: "while", label: "for a while" }]}
        onChange={(event) => { onChange(event.currentTarget.value === "each" ? null : "5m"); }}
      />
      {!isEach && (
        <>
          <NumberInput
            label="For" min={1} max={999_999} allowDecimal={false} allowNegative={false} value={Number(digits)} data-testid="draft-max-age"
            onChange={(next) => { if (typeof next === "number" && next > 0) onChange(`${next}${unit}`); }}
          />
          <NativeSelect
            label="Unit" value={unit} data={UNITS} data-testid="draft-max-age-unit"
            onChange={(event) => {
              const next = event.currentTarget.value;
              if (next === "s" || next === "m" || next === "h") onChange(`${Number(digits) > 0 ? digits : USUAL[next]}${next}`);
            }}
          />
        </>
      )}
    </div>
  );
}
