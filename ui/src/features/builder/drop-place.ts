/** Where in the condition's tree a pointer stands: before which part, as a path. */

/** Nothing lands on itself or within itself. */
export function placeAt(holder: HTMLElement | null, x: number, y: number, from: string): string | null {
  const under = document.elementFromPoint(x, y);
  if (holder === null || under === null || !holder.contains(under)) return null;
  const end = under.closest<HTMLElement>("[data-end]");
  const part = under.closest<HTMLElement>("[data-path]");
  const place = end !== null && part !== null && part.contains(end) ? end.dataset["end"] : besides(part, y);
  if (place === undefined || place === from || place.startsWith(`${from}.`)) return null;
  return place;
}

function besides(part: HTMLElement | null, y: number): string | undefined {
  const path = part?.dataset["path"];
  if (part === null || path === undefined || path === "") return undefined;
  const { top, height } = part.getBoundingClientRect();
  const isAfter = part.dataset["group"] === undefined && y > top + height / 2;
  if (!isAfter) return path;
  const numbers = path.split(".").map(Number);
  return [...numbers.slice(0, -1), (numbers.at(-1) ?? 0) + 1].join(".");
}
