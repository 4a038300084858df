/** A path with its middle left out where it is long; whole for the pointer, the keyboard and screen readers. */
import { shortPath } from "@/lib/words";
import { Marked } from "./marked";
import classes from "./short-path.module.css";

export function ShortPath({ path }: { path: string }) {
  const short = shortPath(path);
  if (short === path) return <code className={classes.path}><Marked text={path} /></code>;
  return (
    <span className={classes.box} tabIndex={0} role="group" data-testid="short-path">
      <code className={classes.path} aria-hidden="true"><Marked text={short} /></code>
      <code className={classes.whole}><Marked text={path} /></code>
    </span>
  );
}
