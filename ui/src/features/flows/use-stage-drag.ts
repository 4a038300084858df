/** Stages dragged by their handle to another place of the line. Escape lets go. */
import { useCallback, useEffect, useRef, useState, type PointerEvent, type RefObject } from "react";

const START = 4;

export function useStageDrag(holder: RefObject<HTMLElement | null>, onDrop: (from: number, to: number) => void) {
  const [dragged, setDragged] = useState<number | null>(null);
  /** The place before which it would stand. */
  const [target, setTarget] = useState<number | null>(null);
  const latest = useRef(onDrop);
  const stop = useRef<(() => void) | null>(null);
  useEffect(() => { latest.current = onDrop; });
  useEffect(() => () => { stop.current?.(); }, []);

  const grip = useCallback((from: number) => (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.focus();
    const begin = event.clientY;
    let isMoving = false;
    let place: number | null = null;
    const over = (moved: globalThis.PointerEvent): void => {
      if (!isMoving && Math.abs(moved.clientY - begin) < START) return;
      isMoving = true;
      place = placeAt(holder.current, moved.clientY);
      setDragged(from);
      setTarget(place === from || place === from + 1 ? null : place);
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
      if (isMoving && place !== null && place !== from && place !== from + 1) latest.current(from, place > from ? place - 1 : place);
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

function placeAt(holder: HTMLElement | null, y: number): number | null {
  if (holder === null) return null;
  const stages = [...holder.querySelectorAll<HTMLElement>("[data-testid=stage]")];
  const before = stages.findIndex((stage) => {
    const { top, height } = stage.getBoundingClientRect();
    return y < top + height / 2;
  });
  return before < 0 ? stages.length : before;
}
