/**
 * Text from agents and upstreams, in pieces: what shows, and what would not show by itself.
 * Rust takes values apart; the rest arrives with marks like ⟨ZERO-WIDTH SPACE⟩ in the text. Should anything
 * invisible still come through, it is marked here too.
 */

export type TextPiece =
  | { kind: "plain"; text: string }
  | { kind: "hidden"; text: string; name: string }
  /** It shows, and passes for another character. */
  | { kind: "look_alike"; text: string; like: string; name: string };

const MARK = /⟨([A-Z][A-Z0-9+ -]*)⟩|[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u3164\uffa0]/gu;
const SHOWS = new Set(["\n", "\t"]);

export function piecesOf(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let plainFrom = 0;
  for (const match of text.matchAll(MARK)) {
    const found = match[0];
    if (SHOWS.has(found)) continue;
    if (match.index > plainFrom) pieces.push({ kind: "plain", text: text.slice(plainFrom, match.index) });
    pieces.push({ kind: "hidden", text: found, name: match[1] ?? codePoint(found) });
    plainFrom = match.index + found.length;
  }
  if (plainFrom < text.length) pieces.push({ kind: "plain", text: text.slice(plainFrom) });
  return pieces;
}

/** Pieces from Rust, looked through once more. */
export function checked(pieces: readonly TextPiece[]): TextPiece[] {
  return pieces.flatMap((piece) => piece.kind === "plain" ? rawPiecesOf(piece.text) : [piece]);
}

/** Whether nothing in them has to be marked. */
export function isPlain(pieces: readonly TextPiece[]): boolean {
  return pieces.every(({ kind }) => kind === "plain");
}

/** Line by line, without the line ends. */
export function linesOf(pieces: readonly TextPiece[]): TextPiece[][] {
  const lines: TextPiece[][] = [[]];
  for (const piece of pieces) {
    if (piece.kind !== "plain") {
      lines.at(-1)?.push(piece);
      continue;
    }
    piece.text.split("\n").forEach((text, index) => {
      if (index > 0) lines.push([]);
      if (text !== "") lines.at(-1)?.push({ kind: "plain", text });
    });
  }
  return lines;
}

/**
 * The first `limit` characters (as Unicode counts them, and Rust) of the first `lines` lines; whether any come after
 * them, and how many of those are marked.
 */
export function head(pieces: readonly TextPiece[], limit: number, lines = Number.POSITIVE_INFINITY): {
  pieces: TextPiece[];
  hiddenAfter: number;
  rest: boolean;
} {
  const shown: TextPiece[] = [];
  let [left, linesLeft, hiddenAfter, rest] = [limit, lines, 0, false];
  for (const piece of pieces) {
    if (rest || left <= 0) {
      rest = true;
      if (piece.kind !== "plain") hiddenAfter += 1;
    } else if (piece.kind !== "plain") {
      shown.push(piece);
      left -= 1;
    } else {
      const first = beginning(piece.text, left, linesLeft);
      if (first.end > 0) shown.push({ kind: "plain", text: piece.text.slice(0, first.end) });
      left -= first.characters;
      linesLeft -= first.lineEnds;
      rest = first.end < piece.text.length;
    }
  }
  return { pieces: shown, hiddenAfter, rest };
}

/** In a value, ⟨…⟩ typed by an agent stays plain text: only real characters are marked. */
function rawPiecesOf(text: string): TextPiece[] {
  return piecesOf(text).flatMap((piece) =>
    piece.kind === "hidden" && piece.text.startsWith("⟨") ? [{ kind: "plain", text: piece.text }] : [piece]);
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Where so many characters and lines end: never within a surrogate pair, and before the line end that is one too many. */
function beginning(text: string, limit: number, lines: number): { end: number; characters: number; lineEnds: number } {
  let [end, characters, lineEnds] = [0, 0, 0];
  while (end < text.length && characters < limit) {
    const code = text.codePointAt(end) ?? 0;
    if (code === 0x0a) {
      if (lineEnds + 1 >= lines) break;
      lineEnds += 1;
    }
    end += code > 0xffff ? 2 : 1;
    characters += 1;
  }
  return { end, characters, lineEnds };
}
