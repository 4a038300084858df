/** One screen: a heading that stays, with what can be done there, and a body that scrolls. */
import { useId, type ReactNode } from "react";
import classes from "./page.module.css";

export function Page({ title, note, actions, children }: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={classes.page} aria-labelledby={id}>
      <header className={classes.header}>
        <h1 id={id}>{title}</h1>
        {note !== undefined && <span className={classes.note}>{note}</span>}
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </header>
      <div className={classes.body}><div className={classes.column}>{children}</div></div>
    </section>
  );
}
