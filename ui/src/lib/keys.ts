/** Single-key commands, and when a key press is none. */
import { useEffect, useRef } from "react";

/** Key presses this soon after the window got the focus were meant for another window; and those that go on from them. */
const SETTLE = 700;

export type KeyCommands = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** Runs the command of a pressed key, unless someone is typing, a dialog is open, or the key belongs to a chord. */
export function useKeys(commands: KeyCommands): void {
  const latest = useRef(commands);
  const focusedAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => { latest.current = commands; });
  useEffect(() => {
    const onFocus = (): void => { focusedAt.current = performance.now(); };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.repeat || event.isComposing) return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (performance.now() - focusedAt.current < SETTLE) {
        focusedAt.current = performance.now();
        return;
      }
      if (isTyping(event.target) || isInDialog(event.target)) return;
      const command = latest.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (command === undefined) return;
      event.preventDefault();
      command(event);
    };
    window.addEventListener("focus", onFocus);
    window.addEventListener("keydown", onKeyDown);
    return () => {
      window.removeEventListener("focus", onFocus);
      window.removeEventListener("keydown", onKeyDown);
    };
  }, []);
}

/** A key that people press when they write; not one that moves about, and no chord. */
export function writes({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return !ctrlKey && !metaKey && !altKey && (key.length === 1 || key === "Enter" || key === "Backspace");
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !["radio", "checkbox", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
    || target.getAttribute("role") === "combobox";
}

/** A dialog has its own keys, except one that says it shares the page's. */
function isInDialog(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const dialog = target.closest("[role=dialog], [role=menu]");
  return dialog !== null && dialog.closest("[data-page-keys]") === null;
}
