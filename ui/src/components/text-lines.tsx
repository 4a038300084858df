/** A text of several lines, numbered; where it is a diff, what it adds and takes out is told by colour beside its sign. */
import type { TextPiece } from "@/lib/pieces";
import { Pieces } from "./marked";
import classes from "./text-lines.module.css";

type Line = readonly TextPiece[];

export function TextLines({ lines }: { lines: readonly Line[] }) {
  const isDiff = looksLikeDiff(lines);
  return (
    <span className={classes.lines}>
      {lines.map((line, index) => (
        <span key={index} className={classes.line} data-kind={isDiff ? kindOf(textOf(line)) : undefined}>
          <span className={classes.number} aria-hidden="true">{index + 1}</span>
          <span className={classes.text}>{line.length === 0 ? "\u200a" : <Pieces pieces={line} />}</span>
        </span>
      ))}
    </span>
  );
}

const textOf = (line: Line): string => line[0]?.kind === "plain" ? line[0].text : "";

/** A unified diff names its places: `@@ -1,4 +1,5 @@`. */
function looksLikeDiff(lines: readonly Line[]): boolean {
  return lines.some((line) => /^@@ -\d+(,\d+)? \+\d+(,\d+)? @@/.test(textOf(line)));
}

function kindOf(text: string): "added" | "removed" | "place" | undefined {
  if (/^(@@ |diff |index |--- |\+\+\+ )/.test(text)) return "place";
  if (text.startsWith("+")) return "added";
  if (text.startsWith("-")) return "removed";
  return undefined;
}
