/**
 * A value of any length. What is not shown is said, with its size; what is very long comes in portions, so that
 * the window stays responsive. Nothing is ever cut without a word.
 */
import { useState } from "react";
import { checked, head, type TextPiece } from "@/lib/pieces";
import { count } from "@/lib/words";
import { Pieces } from "./marked";
import classes from "./long-text.module.css";

const FIRST = 240;
const PORTION = 50_000;

export function LongText({ pieces, characters, folded, onRead }: {
  pieces: readonly TextPiece[];
  characters: number;
  /** Starts with its beginning only. */
  folded: boolean;
  /** Told once everything has been on screen. */
  onRead?: () => void;
}) {
  const [limit, setLimit] = useState(folded ? FIRST : PORTION);
  const all = checked(pieces);
  const shown = head(all, limit);
  const whole = limit >= characters;
  const more = (): void => {
    const next = limit < PORTION ? PORTION : limit + PORTION;
    setLimit(next);
    if (next >= characters) onRead?.();
  };
  if (all.length === 0) return <span className={classes.empty}>empty</span>;
  return (
    <span className={classes.value} dir="ltr">
      <Pieces pieces={shown.pieces} />
      {!whole && "… "}
      {!whole && (
        <button type="button" className={classes.more} onClick={more}>
          {moreWords(limit, characters)}{hiddenWords(shown.hiddenAfter)}
        </button>
      )}
      {whole && folded && (
        <>
          {" "}
          <button type="button" className={classes.more} onClick={() => { setLimit(FIRST); }}>fold again</button>
        </>
      )}
    </span>
  );
}

function moreWords(limit: number, characters: number): string {
  const next = limit < PORTION ? PORTION : limit + PORTION;
  return next >= characters
    ? `show all ${count(characters)} characters`
    : `show the first ${count(next)} of ${count(characters)} characters`;
}

function hiddenWords(hidden: number): string {
  if (hidden === 0) return "";
  return hidden === 1 ? ", 1 of them hidden" : `, ${count(hidden)} of them hidden`;
}
