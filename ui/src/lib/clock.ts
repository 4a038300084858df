/**
 * One clock for every countdown. It ticks once a second while something on screen needs it and the window is
 * visible, and stands still otherwise.
 */
import { useSyncExternalStore } from "react";

const TICK = 1000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
let now = Date.now();

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    document.addEventListener("visibilitychange", startOrStop);
  }
  listeners.add(listener);
  startOrStop();
  return () => {
    listeners.delete(listener);
    startOrStop();
    if (listeners.size === 0) document.removeEventListener("visibilitychange", startOrStop);
  };
}

function startOrStop(): void {
  const needed = listeners.size > 0 && document.visibilityState === "visible";
  if (needed && timer === null) {
    tick();
    timer = setInterval(tick, TICK);
  } else if (!needed && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
}

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}
