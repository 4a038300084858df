/** What is left until a deadline, ticking in place. */
import { useNow } from "@/lib/clock";
import { countdown, timeLeft } from "@/lib/time";
import classes from "./countdown.module.css";

const SOON = 60_000;

export function Countdown({ until }: { until: number }) {
  const left = until - useNow();
  return (
    <span className={classes.time} data-soon={left < SOON || undefined} role="timer" aria-label={timeLeft(left)}>
      {countdown(left)}
    </span>
  );
}
