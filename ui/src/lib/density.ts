/** How close lines stand: for people who look at this all day. Kept for this window, not for the home. */
import { useSyncExternalStore } from "react";

export type Density = "roomy" | "close";

const KEY = "doorward-density";
const listeners = new Set<() => void>();

export function currentDensity(): Density {
  try {
    return localStorage.getItem(KEY) === "close" ? "close" : "roomy";
  } catch {
    return "roomy";
  }
}

/** Puts it on the page; called once before the first render. */
export function applyDensity(density: Density = currentDensity()): void {
  document.documentElement.dataset["density"] = density;
}

export function setDensity(density: Density): void {
  try {
    localStorage.setItem(KEY, density);
  } catch {
    // Where nothing can be kept, it lasts as long as the window.
  }
  applyDensity(density);
  for (const listener of listeners) listener();
}

export function useDensity(): Density {
  return useSyncExternalStore(
    (listener) => { listeners.add(listener); return () => { listeners.delete(listener); }; },
    () => document.documentElement.dataset["density"] === "close" ? "close" : "roomy",
  );
}
