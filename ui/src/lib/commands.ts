/** What can be done now, by name and by key: every screen offers its own, the command palette lists them all. */
import { useEffect, useRef } from "react";
import { useKeys } from "./keys";

export type Command = {
  /** "Approve the hold on show" */
  name: string;
  /** As it is pressed: `a`, `?`. */
  key?: string;
  /** What it acts on, where that may change under a person's fingers: by then it is another command. */
  about?: string;
  run: () => void;
};

const offered = new Map<symbol, { current: readonly Command[] }>();

/** Offers these while the component is there, by their keys and in the palette. */
export function useCommands(commands: readonly Command[]): void {
  const latest = useRef(commands);
  useEffect(() => { latest.current = commands; });
  useEffect(() => {
    const id = Symbol("commands");
    offered.set(id, latest);
    return () => { offered.delete(id); };
  }, []);
  useKeys(Object.fromEntries(commands.flatMap(({ key, run }) => key === undefined ? [] : [[key, run]])));
}

/** Everything on offer, what came last first: the screen before the frame around it. */
export function offeredCommands(): Command[] {
  return [...offered.values()].reverse().flatMap(({ current }) => current);
}
