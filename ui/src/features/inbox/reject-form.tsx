/** Why not: a small form above the footer. The agent reads the reason. Enter sends, Escape closes. */
import { Button, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import classes from "./reject-form.module.css";

const PRESETS = ["Wrong arguments", "Not now", "Ask me first"] as const;
const LONGEST = 500;

export function RejectForm({ busy, onReject, onClose }: {
  busy: boolean;
  onReject: (reason: string | null) => void;
  onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const send = (): void => { onReject(reason.trim() === "" ? null : reason.trim()); };
  return (
    <form
      className={classes.form} aria-label="Reject with a reason" data-testid="reject-form"
      onSubmit={(event) => { event.preventDefault(); send(); }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div className={classes.presets} role="group" aria-label="Reasons to choose from">
        {PRESETS.map((preset) => (
          <Button key={preset} size="xs" type="button" onClick={() => { setReason(preset); input.current?.focus(); }}>
            {preset}
          </Button>
        ))}
        <span className={classes.hint}>Enter sends, Esc closes</span>
      </div>
      <div className={classes.line}>
        <TextInput
          ref={input} className={classes.input} aria-label="Reason, for the agent" placeholder="Reason, for the agent (may stay empty)"
          value={reason} maxLength={LONGEST} autoComplete="off" data-autofocus autoFocus
          onChange={(event) => { setReason(event.currentTarget.value); }} data-testid="reject-reason"
        />
        <Button type="submit" variant="danger" disabled={busy} data-testid="reject-send">Reject the call</Button>
      </div>
    </form>
  );
}
