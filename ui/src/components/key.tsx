/** A key to press. Decoration on a button: the button's name stays its words. */
import classes from "./key.module.css";

export function Key({ children }: { children: string }) {
  return <kbd className={classes.key} aria-hidden="true">{children}</kbd>;
}
