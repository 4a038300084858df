/** Keeps a consequential button shut for a moment after what it acts on has appeared or changed. */
import { useEffect, useState } from "react";

const GUARD = 700;

/** False until `key` has been on a visible screen, unchanged, for 700 ms. */
export function useSettled(key: string): boolean {
  const [settled, setSettled] = useState<string | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const restart = (): void => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      setSettled(null);
      if (document.visibilityState === "visible") timer = setTimeout(() => { setSettled(key); }, GUARD);
    };
    restart();
    document.addEventListener("visibilitychange", restart);
    return () => {
      if (timer !== null) clearTimeout(timer);
      document.removeEventListener("visibilitychange", restart);
    };
  }, [key]);
  return settled === key;
}
