/** Dragging by pointer: HTML's own drag and drop is taken by the window for files. Escape lets go. */
import { useCallback, useEffect, useRef, useState, type PointerEvent, type RefObject } from "react";
import type { Path } from "./tree";

const START = 4;

export function useDragging(holder: RefObject<HTMLElement | null>, onDrop: (from: Path, to: Path) => void) {
  const [dragged, setDragged] = useState<string | null>(null);
  const [target, setTarget] = useState<string | null>(null);
  const stop = useRef<(() => void) | null>(null);
  const latest = useRef(onDrop);
  useEffect(() => { latest.current = onDrop; });
  useEffect(() => () => { stop.current?.(); }, []);

  const grip = useCallback((from: Path) => (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.focus();
    const [x, y] = [event.clientX, event.clientY];
    let isMoving = false;
    let place: string | null = null;
    const over = (moved: globalThis.PointerEvent): void => {
      if (!isMoving && Math.hypot(moved.clientX - x, moved.clientY - y) < START) return;
      if (!isMoving) {
        isMoving = true;
        setDragged(from.join("."));
      }
      place = placeAt(holder.current, moved.clientX, moved.clientY, from);
      setTarget(place);
    };
    const end = (): void => {
      window.removeEventListener("pointermove", over);
      window.removeEventListener("pointerup", drop);
      window.removeEventListener("pointercancel", end);
      window.removeEventListener("keydown", onKey, true);
      stop.current = null;
      setDragged(null);
      setTarget(null);
    };
    const drop = (): void => {
      end();
      if (isMoving && place !== null) latest.current(from, place.split(".").map(Number));
    };
    const onKey = (key: KeyboardEvent): void => {
      if (key.key !== "Escape") return;
      key.stopPropagation();
      end();
    };
    window.addEventListener("pointermove", over);
    window.addEventListener("pointerup", drop);
    window.addEventListener("pointercancel", end);
    window.addEventListener("keydown", onKey, true);
    stop.current = end;
  }, [holder]);
  return { dragged, target, grip };
}

/** Before which part a pointer stands. */
function placeAt(holder: HTMLElement | null, x: number, y: number, from: Path): string | null {
  const under = document.elementFromPoint(x, y);
  if (holder === null || under === null || !holder.contains(under)) return null;
  const own = from.join(".");
  const end = under.closest<HTMLElement>("[data-end]");
  const part = under.closest<HTMLElement>("[data-path]");
  const place = end !== null && part !== null && part.contains(end) ? end.dataset["end"] : besides(part, y);
  if (place === undefined || place === own || place.startsWith(`${own}.`)) return null;
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
