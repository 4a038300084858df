/** The lines two texts share and do not share. Policy files are short; a plain longest common subsequence serves. */

export type DiffLine = { kind: "same" | "added" | "removed" | "skipped"; text: string; before: number | null; after: number | null };

/** Larger texts are shown as removed and added in full, rather than compared. */
const COMPARE_AT_MOST = 2000;
const CONTEXT = 3;

export function lineDiff(before: string | null, after: string | null): DiffLine[] {
  const old = linesOf(before);
  const now = linesOf(after);
  const common = old.length + now.length > COMPARE_AT_MOST ? null : commonLengths(old, now);
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    const left = old[i];
    const right = now[j];
    if (common !== null && left !== undefined && left === right) {
      lines.push({ kind: "same", text: left, before: ++i, after: ++j });
    } else if (left !== undefined && (right === undefined || common === null || at(common, i + 1, j) >= at(common, i, j + 1))) {
      lines.push({ kind: "removed", text: left, before: ++i, after: null });
    } else {
      lines.push({ kind: "added", text: right ?? "", before: null, after: ++j });
    }
  }
  return shortened(lines);
}

function linesOf(text: string | null): string[] {
  if (text === null || text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** `table[i][j]`: how many lines `old[i..]` and `now[j..]` have in common, in order. */
function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const table: number[][] = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--) {
    const row = table[i];
    if (row === undefined) continue;
    for (let j = now.length - 1; j >= 0; j--) {
      row[j] = old[i] === now[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}

function at(table: readonly number[][], i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}

/** Long stretches of unchanged lines become one line that says how many they are. */
function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((line) => line.kind !== "same"));
  const out: DiffLine[] = [];
  let skipped = 0;
  const flush = (): void => {
    if (skipped > 0) {
      out.push({ kind: "skipped", text: `${skipped} unchanged ${skipped === 1 ? "line" : "lines"}`, before: null, after: null });
    }
    skipped = 0;
  };
  lines.forEach((line, index) => {
    if (near[index] === true) {
      flush();
      out.push(line);
    } else {
      skipped += 1;
    }
  });
  flush();
  return out;
}
