/**
 * Clocks for everything that counts: one by the second, one by the minute. Each ticks while something on screen
 * needs it and the window is visible, and stands still otherwise.
 */
import { useSyncExternalStore } from "react";
import { startOfDay } from "./time";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

class Clock {
  readonly #tick: number;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | null = null;
  #now = Date.now();

  constructor(tick: number) {
    this.#tick = tick;
  }

  /** The last tick; while the clock stands, the present, to within one tick. */
  readonly now = (): number => {
    if (this.#timer === null && Date.now() - this.#now >= this.#tick) this.#now = Date.now();
    return this.#now;
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) document.addEventListener("visibilitychange", this.#startOrStop);
    this.#listeners.add(listener);
    this.#startOrStop();
    return () => {
      this.#listeners.delete(listener);
      this.#startOrStop();
      if (this.#listeners.size === 0) document.removeEventListener("visibilitychange", this.#startOrStop);
    };
  };

  readonly #startOrStop = (): void => {
    const needed = this.#listeners.size > 0 && document.visibilityState === "visible";
    if (needed && this.#timer === null) {
      this.#ring();
      this.#timer = setInterval(this.#ring, this.#tick);
    } else if (!needed && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  };

  readonly #ring = (): void => {
    this.#now = Date.now();
    for (const listener of this.#listeners) listener();
  };
}

const bySecond = new Clock(SECOND);
const byMinute = new Clock(MINUTE);

/** The beginning of this day; who looks is drawn anew at midnight only. */
export function useToday(): number {
  return useSyncExternalStore(byMinute.subscribe, () => startOfDay(byMinute.now()));
}

const neverTicks = () => () => { /* Nothing was begun. */ };

/** Where nothing on screen needs it yet, the clock stands: `ticks` is false. */
export function useNow(precision: "second" | "minute" = "second", ticks = true): number {
  const clock = precision === "second" ? bySecond : byMinute;
  return useSyncExternalStore(ticks ? clock.subscribe : neverTicks, clock.now);
}
