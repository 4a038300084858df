/** A part of a long list, so that a thousand rows do not slow the window down: those around the chosen one. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { plural } from "@/lib/words";
import classes from "./hold-list.module.css";

const MOST = 100;

export type Slice = { from: number; to: number; above: number; below: number; onAbove: () => void; onBelow: () => void };

/** `at`: the chosen row, or -1. It is among those shown whenever it changes. */
export function useSlice(length: number, at: number): Slice {
  const [place, setPlace] = useState({ from: 0, at });
  const last = Math.max(0, length - MOST);
  const isOutside = at >= 0 && (at < place.from || at >= place.from + MOST);
  if (place.at !== at) setPlace({ from: isOutside ? at - MOST / 2 : place.from, at });
  const from = Math.min(Math.max(0, place.from), last);
  const move = (by: number) => () => { setPlace({ from: Math.min(Math.max(0, from + by), last), at }); };
  return { from, to: from + MOST, above: from, below: Math.max(0, length - from - MOST), onAbove: move(-MOST), onBelow: move(MOST) };
}

export function More({ where, count, onShow }: { where: "earlier" | "later"; count: number; onShow: () => void }) {
  if (count === 0) return null;
  return (
    <div className={classes.more}>
      <Button size="xs" variant="subtle" onClick={onShow} data-testid={`show-${where}`}>Show {plural(count, `${where} hold`)}</Button>
    </div>
  );
}
