/** A text of several lines, numbered; where it is a diff, what it adds and takes out is told by colour beside its sign. */
import { useMemo } from "react";
import { kindsOf } from "@/lib/diff-text";
import type { TextPiece } from "@/lib/pieces";
import { Pieces } from "./marked";
import classes from "./text-lines.module.css";

type Line = readonly TextPiece[];

export function TextLines({ lines }: { lines: readonly Line[] }) {
  const kinds = useMemo(() => kindsOf(lines.map(textOf)), [lines]);
  return (
    <span className={classes.lines}>
      {lines.map((line, index) => (
        <span key={index} className={classes.line} data-kind={kinds?.[index]}>
          <span className={classes.number} aria-hidden="true">{index + 1}</span>
          <span className={classes.text}>{line.length === 0 ? "\u200a" : <Pieces pieces={line} />}</span>
        </span>
      ))}
    </span>
  );
}

const textOf = (line: Line): string => line[0]?.kind === "plain" ? line[0].text : "";
