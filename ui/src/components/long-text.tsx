/**
 * A value of any length. What is not shown is said, with its size; what is very long comes in portions, so that
 * the window stays responsive. Nothing is ever cut without a word. Several lines are numbered, and the signs of a
 * diff are told apart.
 */
import { useMemo, useState, useTransition } from "react";
import { checked, head, linesOf, type TextPiece } from "@/lib/pieces";
import { count } from "@/lib/words";
import { Pieces } from "./marked";
import classes from "./long-text.module.css";
import { TextLines } from "./text-lines";

const FIRST = 240;
const FIRST_LINES = 12;
const PORTION = 20_000;
/** More lines than this are one run of text, so that they cost no element each. */
const MOST_LINES = 1_000;

export function LongText({ pieces, characters, folded, inLine = false, onRead }: {
  pieces: readonly TextPiece[];
  characters: number;
  /** Starts with its beginning only. */
  folded: boolean;
  /** Stands within a sentence: its lines are not numbered. */
  inLine?: boolean;
  /** Told once everything has been on screen. */
  onRead?: () => void;
}) {
  const [limit, setLimit] = useState(folded ? FIRST : PORTION);
  const [, startTransition] = useTransition();
  const all = useMemo(() => checked(pieces), [pieces]);
  const shown = useMemo(() => head(all, limit, limit === FIRST ? FIRST_LINES : undefined), [all, limit]);
  // What is on show says it, and no second count.
  const whole = !shown.rest;
  const lines = useMemo(() => inLine ? [] : ended(linesOf(shown.pieces)), [inLine, shown]);
  const more = (): void => {
    const next = limit < PORTION ? PORTION : limit + PORTION;
    startTransition(() => {
      setLimit(next);
      if (!head(all, next).rest) onRead?.();
    });
  };
  if (all.length === 0) return <span className={classes.empty}>empty</span>;
  return (
    <span className={classes.value} dir="ltr">
      {lines.length > 1 && lines.length <= MOST_LINES ? <TextLines lines={lines} /> : <Pieces pieces={shown.pieces} />}
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

/** A last line feed ends a line and begins none. */
function ended(lines: TextPiece[][]): TextPiece[][] {
  return lines.length > 2 && lines.at(-1)?.length === 0 ? lines.slice(0, -1) : lines;
}

function moreWords(limit: number, characters: number): string {
  const next = limit < PORTION ? PORTION : limit + PORTION;
  return next >= characters
    ? `show all ${count(characters)} characters`
    : `show the first ${count(next)} of ${count(characters)} characters`;
}

function hiddenWords(hidden: number): string {
  if (hidden === 0) return "";
  return hidden === 1 ? ", 1 of them marked" : `, ${count(hidden)} of them marked`;
}
