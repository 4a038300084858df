/** A form that a person opened begins at its first field. */
import { useEffect, useRef, type RefObject } from "react";

export function useFirstField(): RefObject<HTMLDivElement | null> {
  const form = useRef<HTMLDivElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("input, textarea, select")?.focus({ preventScroll: true });
  }, []);
  return form;
}
