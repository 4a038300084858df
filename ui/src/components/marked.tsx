/** Text that came from outside: shown as it is, with what would not show marked by name. */
import { Fragment } from "react";
import { piecesOf, type TextPiece } from "@/lib/pieces";
import classes from "./marked.module.css";

export function Pieces({ pieces }: { pieces: readonly TextPiece[] }) {
  return pieces.map((piece, index) => {
    switch (piece.kind) {
      case "plain":
        return <Fragment key={index}>{piece.text}</Fragment>;
      case "hidden":
        return <mark key={index} className={classes.hidden} aria-label={`hidden character: ${piece.name}`}>{piece.name}</mark>;
      case "look_alike":
        return (
          <mark key={index} className={classes.passes} aria-label={`${piece.text}, ${piece.name}, looks like ${piece.like}`}>
            {piece.text}<span className={classes.hidden}>{piece.name}</span>
          </mark>
        );
    }
  });
}

/** One piece of text among others. It cannot turn around, or reach into, the text beside it. */
export function Marked({ text }: { text: string }) {
  return <bdi className={classes.text} dir="ltr"><Pieces pieces={piecesOf(text)} /></bdi>;
}
