/** Keeps a consequential button shut for a moment after what it acts on has appeared or changed. */
import { useEffect, useState } from "react";
import { isTyping, writes } from "./keys";

const GUARD = 700;

/**
 * False until `key` has been on a visible screen, unchanged, for 700 ms in which nothing was typed: who types when it
 * comes up means something else.
 */
export function useSettled(key: string): boolean {
  const [settled, setSettled] = useState<string | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const restart = (): void => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      setSettled(null);
      if (document.visibilityState !== "visible") return;
      timer = setTimeout(() => {
        timer = null;
        setSettled(key);
      }, GUARD);
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (timer !== null && writes(event) && !isTyping(event.target)) restart();
    };
    restart();
    window.addEventListener("keydown", onKeyDown);
    document.addEventListener("visibilitychange", restart);
    return () => {
      if (timer !== null) clearTimeout(timer);
      document.removeEventListener("visibilitychange", restart);
      window.removeEventListener("keydown", onKeyDown);
    };
  }, [key]);
  return settled === key;
}
