/**
 * Which lines of a text are what, where all of it is a unified diff: its heads, then places whose counted lines follow.
 * A text that only has such a line somewhere is none: what it writes must not look as if it were taken out.
 */

export type DiffLine = "added" | "removed" | "place" | undefined;

const HEAD = /^(diff |index |--- |\+\+\+ |old mode |new mode |new file |deleted file |similarity |rename )/;
const PLACE = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

/** Null where it is no diff. */
export function kindsOf(lines: readonly string[]): DiffLine[] | null {
  const kinds: DiffLine[] = [];
  let [before, after, places] = [0, 0, 0];
  const end = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  for (const line of lines.slice(0, end)) {
    if (before > 0 || after > 0) {
      const sign = line.slice(0, 1);
      if (sign === "\\") { kinds.push(undefined); continue; }
      if (sign !== "+" && sign !== "-" && sign !== " " && line !== "") return null;
      if (sign !== "+") before -= 1;
      if (sign !== "-") after -= 1;
      if (before < 0 || after < 0) return null;
      kinds.push(sign === "+" ? "added" : sign === "-" ? "removed" : undefined);
      continue;
    }
    const place = PLACE.exec(line);
    if (place !== null) {
      [before, after, places] = [Number(place[1] ?? 1), Number(place[2] ?? 1), places + 1];
    } else if (!HEAD.test(line) && !line.startsWith("\\")) {
      return null;
    }
    kinds.push(line.startsWith("\\") ? undefined : "place");
  }
  // A text that is folded ends before its last place does.
  return places > 0 ? kinds : null;
}
