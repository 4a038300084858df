/** One setting: its name and what it does on the left, its control on the right. */
import { useId, type ReactNode } from "react";
import classes from "./settings-page.module.css";

export function Group({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={classes.group} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <div className={classes.rows}>{children}</div>
    </section>
  );
}

export function Row({ name, words, id, labels = false, children }: {
  name: string;
  words?: ReactNode;
  /** Of the control; the words get `id-words`. */
  id: string;
  /** The control has the id, and takes its name from here. */
  labels?: boolean;
  children?: ReactNode;
}) {
  return (
    <div className={classes.row}>
      <div className={classes.what}>
        {labels ? <label htmlFor={id} className={classes.name}>{name}</label> : <div className={classes.name}>{name}</div>}
        {words !== undefined && <p id={`${id}-words`} className="muted small">{words}</p>}
      </div>
      {children !== undefined && <div className={classes.control}>{children}</div>}
    </div>
  );
}
