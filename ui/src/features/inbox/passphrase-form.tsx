/** The passphrase for this one call: a small form above the footer. Enter sends, Escape closes. */
import { Button, PasswordInput } from "@mantine/core";
import { useRef, useState } from "react";
import classes from "./reject-form.module.css";

export function PassphraseForm({ busy, unread, onSend, onClose }: {
  busy: boolean;
  /** ", 2 long values unread" */
  unread: string;
  onSend: (passphrase: string) => void;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const send = (): void => {
    if (busy || typed === "") return;
    onSend(typed);
    setTyped("");
    input.current?.focus();
  };
  return (
    <form
      className={classes.form} aria-label="Approve with the passphrase" data-testid="passphrase-form"
      onSubmit={(event) => { event.preventDefault(); send(); }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div className={classes.presets}>
        <span>Weaker than a passkey: whoever has seen it typed can type it.</span>
        <span className={classes.hint}>Enter sends, Esc closes</span>
      </div>
      <div className={classes.line}>
        <PasswordInput
          ref={input} className={classes.input} aria-label="Passphrase" placeholder="Passphrase" value={typed}
          autoComplete="off" spellCheck={false} data-autofocus autoFocus
          onChange={(event) => { setTyped(event.currentTarget.value); }} data-testid="passphrase"
        />
        <Button type="submit" variant="step" disabled={busy || typed === ""} data-testid="passphrase-send">
          {`Approve${unread}`}
        </Button>
      </div>
    </form>
  );
}
