/** Two versions of a text, line by line. Added and removed are told by sign, not by colour alone. */
import { lineDiff, type DiffLine } from "@/lib/line-diff";
import { Marked } from "./marked";
import classes from "./diff-view.module.css";

const SIGN: Record<DiffLine["kind"], string> = { same: " ", added: "+", removed: "−", skipped: "⋯" };
const SAID: Record<DiffLine["kind"], string> = { same: "", added: "added: ", removed: "removed: ", skipped: "" };

export function DiffView({ before, after, label }: { before: string | null; after: string | null; label: string }) {
  return (
    <div className={classes.diff} role="group" aria-label={label} tabIndex={0}>
      {lineDiff(before, after).map((line, index) => (
        <div key={index} className={classes.line} data-kind={line.kind}>
          <span className={classes.number} aria-hidden="true">{line.before ?? ""}</span>
          <span className={classes.number} aria-hidden="true">{line.after ?? ""}</span>
          <span className={classes.sign} aria-hidden="true">{SIGN[line.kind]}</span>
          <span className={classes.said}>{SAID[line.kind]}</span>
          <span className={classes.text}><Marked text={line.text} /></span>
        </div>
      ))}
    </div>
  );
}
