/** A draft while it is written: undo, redo, and kept until it is saved or given up, also over a restart. */
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Draft } from "@/ipc/schema";

const MOST_STEPS = 200;
/** Changes of one field in quick succession are one step. */
const TOGETHER = 900;

type Steps = { past: Draft[]; now: Draft; future: Draft[]; last: { field: string; at: number } | null };

export type Editing = {
  draft: Draft;
  edit: (field: string, change: Partial<Draft>) => void;
  /** In place of everything: no step back leads before it. */
  reset: (draft: Draft) => void;
  undo: () => void;
  redo: () => void;
  canUndo: boolean;
  canRedo: boolean;
};

export function useDraft(initial: Draft): Editing {
  const [steps, setSteps] = useState<Steps>({ past: [], now: initial, future: [], last: null });
  const edit = useCallback((field: string, change: Partial<Draft>) => {
    const at = Date.now();
    setSteps(({ past, now, last }) => {
      const joins = last !== null && last.field === field && at - last.at < TOGETHER;
      return {
        past: joins ? past : [...past.slice(-MOST_STEPS), now],
        now: { ...now, ...change }, future: [], last: { field, at },
      };
    });
  }, []);
  const reset = useCallback((draft: Draft) => { setSteps({ past: [], now: draft, future: [], last: null }); }, []);
  const undo = useCallback(() => {
    setSteps(({ past, now, future }) => {
      const before = past.at(-1);
      return before === undefined
        ? { past, now, future, last: null }
        : { past: past.slice(0, -1), now: before, future: [now, ...future], last: null };
    });
  }, []);
  const redo = useCallback(() => {
    setSteps(({ past, now, future }) => {
      const [next, ...rest] = future;
      return next === undefined ? { past, now, future, last: null } : { past: [...past, now], now: next, future: rest, last: null };
    });
  }, []);
  return useMemo(() => ({
    draft: steps.now, edit, reset, undo, redo, canUndo: steps.past.length > 0, canRedo: steps.future.length > 0,
  }), [steps, edit, reset, undo, redo]);
}

export type Kept = { draft: Draft; at: number };

const name = (key: string): string => `doorward-draft:${key}`;

export function keptDraft(key: string): Kept | null {
  try {
    const text = localStorage.getItem(name(key));
    return text === null ? null : JSON.parse(text) as Kept;
  } catch {
    return null;
  }
}

export function forgetDraft(key: string): void {
  try { localStorage.removeItem(name(key)); } catch { /* Without storage nothing was kept. */ }
}

/** Keeps a draft that differs from where it began. */
export function useKeeping(key: string, draft: Draft, isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return;
    const timer = setTimeout(() => {
      try {
        localStorage.setItem(name(key), JSON.stringify({ draft, at: Date.now() }));
      } catch { /* A full storage keeps nothing; the draft is still here. */ }
    }, 250);
    return () => { clearTimeout(timer); };
  }, [key, draft, isChanged]);
}
