/** A screen with nothing on it yet: why, and the one next thing to do. */
import type { ReactNode } from "react";
import classes from "./empty.module.css";

export function Empty({ title, children, testId }: { title: string; children?: ReactNode; testId?: string }) {
  return (
    <div className={classes.empty} data-testid={testId}>
      <div className={classes.title}>{title}</div>
      {children}
    </div>
  );
}
