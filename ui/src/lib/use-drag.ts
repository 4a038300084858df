/** Dragging by pointer: HTML's own drag and drop is taken by the window for files. Escape lets go. */
import { useCallback, useEffect, useRef, useState, type PointerEvent } from "react";

/** Less than this is a click. */
const START = 4;

/** `placeAt` says where what began at `from` would land; null where it cannot. */
export function useDrag<From, Place>(
  placeAt: (x: number, y: number, from: From) => Place | null,
  onDrop: (from: From, to: Place) => void,
) {
  const [dragged, setDragged] = useState<From | null>(null);
  const [target, setTarget] = useState<Place | null>(null);
  const stop = useRef<(() => void) | null>(null);
  const latest = useRef({ placeAt, onDrop });
  useEffect(() => { latest.current = { placeAt, onDrop }; });
  useEffect(() => () => { stop.current?.(); }, []);

  const grip = useCallback((from: From) => (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.focus();
    const [x, y] = [event.clientX, event.clientY];
    let isMoving = false;
    let place: Place | null = null;
    const over = (moved: globalThis.PointerEvent): void => {
      if (!isMoving && Math.hypot(moved.clientX - x, moved.clientY - y) < START) return;
      isMoving = true;
      place = latest.current.placeAt(moved.clientX, moved.clientY, from);
      setDragged(from);
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
      if (place !== null) latest.current.onDrop(from, place);
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
  }, []);
  return { dragged, target, grip };
}
