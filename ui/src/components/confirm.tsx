/** Asks once more before something of weight. The safe answer has the focus. */
import { Button, Modal } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./confirm.module.css";

export function Confirm({ opened, title, children, action, variant = "danger", busy, error, onConfirm, onCancel }: {
  opened: boolean;
  title: string;
  children: ReactNode;
  /** What the button does: "Remove practice". */
  action: string;
  /** `danger` where it cannot be taken back. */
  variant?: "danger" | "filled";
  busy: boolean;
  error?: ReactNode;
  onConfirm: () => void;
  onCancel: () => void;
}) {
  return (
    <Modal opened={opened} onClose={onCancel} title={title} data-testid="confirm">
      <div className={classes.text}>{children}</div>
      {error}
      <div className={classes.buttons}>
        <Button data-autofocus onClick={onCancel}>Cancel</Button>
        <Button variant={variant} onClick={onConfirm} disabled={busy} data-testid="confirm-action">{action}</Button>
      </div>
    </Modal>
  );
}
