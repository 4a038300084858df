/** A difference as Rust writes it: `+` and `-` in front of lines, places as `@@ line 3 @@`. */
import { Marked } from "@/components/marked";
import classes from "./diff-text.module.css";

const KIND: Readonly<Record<string, string>> = { "+": "added", "-": "removed", "@": "place" };
const SAID: Readonly<Record<string, string>> = { "+": "added: ", "-": "removed: " };

export function DiffText({ text, label }: { text: string; label: string }) {
  return (
    <div className={classes.diff} role="group" aria-label={label} tabIndex={0}>
      {text.replace(/\n$/, "").split("\n").map((line, index) => (
        <div key={index} className={classes.line} data-kind={KIND[line.charAt(0)] ?? "same"}>
          <span className={classes.said}>{SAID[line.charAt(0)] ?? ""}</span><Marked text={line} />
        </div>
      ))}
    </div>
  );
}
