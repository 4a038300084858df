/** Something a person should know: what happened, what was kept, what to do. */
import type { ReactNode } from "react";
import classes from "./notice.module.css";

export function Notice({ tone, title, children, actions, alert = false, testId }: {
  tone: "deny" | "hold" | "neutral" | "allow";
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** Read out at once. */
  alert?: boolean;
  testId?: string;
}) {
  return (
    <div className={classes.notice} data-tone={tone} role={alert ? "alert" : undefined} data-testid={testId}>
      <div className={classes.words}>
        <div className={classes.title}>{title}</div>
        {children !== undefined && <div className={classes.text}>{children}</div>}
      </div>
      {actions !== undefined && <div className={classes.actions}>{actions}</div>}
    </div>
  );
}
