/** A number that is saved when its person says so; what is no number is sent as well, and Rust says what may be. */
import { Button, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { Row } from "./row";
import classes from "./settings-page.module.css";

export function NumberRow({ name, unit, id, busy, value, words, onSave }: {
  name: string;
  unit: string;
  id: string;
  busy: boolean;
  value: number;
  words: ReactNode;
  onSave: (value: number) => void;
}) {
  const [text, setText] = useState(String(value));
  const [shown, setShown] = useState(value);
  // Saved, or taken back.
  if (shown !== value) {
    setShown(value);
    setText(String(value));
  }
  const wanted = /^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : null;
  const changed = text.trim() !== String(value);
  return (
    <Row name={name} id={id} words={words} labels>
      <form
        className={classes.number}
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted !== null && changed && !busy) onSave(wanted);
        }}
      >
        <TextInput
          id={id} inputMode="numeric" autoComplete="off" value={text} aria-describedby={`${id}-words`} data-testid={id} className={classes.digits}
          error={wanted === null ? "Write a whole number." : undefined}
          onChange={(event) => { setText(event.currentTarget.value); }}
        />
        {unit !== "" && <span className="muted">{unit}</span>}
        <Button type="submit" disabled={!changed || busy || wanted === null} aria-label={`Save ${name.toLowerCase()}`} data-testid={`${id}-save`}>Save</Button>
      </form>
    </Row>
  );
}
