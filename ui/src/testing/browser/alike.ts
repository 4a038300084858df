/**
 * Whether two pictures of a screen show the same. Counted by small cells and not over the whole picture: what moves by
 * four pixels changes much of few cells, what another browser smooths otherwise a little of many.
 */
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";

const CELL = 16;
/** Of the 256 pixels of a cell. A word or a control that moved by four pixels changes 46 or more. */
export const MOST = 40;
/** How far two colours may be apart; pixels at the edges of letters are left out by themselves. */
const THRESHOLD = 0.15;

/** Where they differ most, and where they do at all: in red, on the picture before. */
export type Compared = { worst: number; at: string; red: PNG };

export function compared(before: PNG, now: PNG): Compared {
  const { width, height } = before;
  const red = new PNG({ width, height });
  if (now.width !== width || now.height !== height) return { worst: Infinity, at: `${now.width}×${now.height}, not ${width}×${height}`, red };
  pixelmatch(before.data, now.data, red.data, width, height, { threshold: THRESHOLD, aaColor: [200, 200, 200] });
  const across = Math.ceil(width / CELL);
  const cells = new Uint16Array(across * Math.ceil(height / CELL));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      if (red.data[at] !== 255 || red.data[at + 1] !== 0) continue;
      const cell = Math.floor(y / CELL) * across + Math.floor(x / CELL);
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
  }
  const worst = cells.reduce((most, differing) => Math.max(most, differing), 0);
  const cell = cells.indexOf(worst);
  return { worst, at: `${(cell % across) * CELL}, ${Math.floor(cell / across) * CELL}`, red };
}
