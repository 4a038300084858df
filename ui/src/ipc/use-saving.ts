/** A draft on its way to its file: kept where that fails, and never over somebody else's change unseen. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { IpcFailure } from "./host";
import type { Saved, Tag } from "./schema";

type Applied = Extract<Saved, { kind: "applied" }>;

/** The file as somebody else left it meanwhile, and as the draft would have it; null where there is none. */
export type Theirs = { text: string | null; mine: string | null };

export type Saving = {
  /** It is under way; a passkey may be waited for. */
  saving: boolean;
  failure: IpcFailure | null;
  theirs: Theirs | null;
  setTheirs: (theirs: Theirs | null) => void;
  /** Sends it; what follows comes once it is saved. */
  save: (send: () => Promise<Saved>, then: (applied: Applied) => void | Promise<void>) => Promise<void>;
};

/** `tags` name what is out of date once it is saved. */
export function useSaving(tags: readonly Tag[], begun: Theirs | null = null): Saving {
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState<IpcFailure | null>(null);
  const [theirs, setTheirs] = useState(begun);
  const client = useQueryClient();
  const save: Saving["save"] = async (send, then) => {
    setSaving(true);
    setFailure(null);
    try {
      const outcome = await send();
      if (outcome.kind === "changed") {
        setTheirs({ text: outcome.theirs, mine: outcome.mine });
        return;
      }
      setTheirs(null);
      for (const tag of tags) void client.invalidateQueries({ queryKey: [tag] });
      await then(outcome);
    } catch (caught) {
      setFailure(caught as IpcFailure);
    } finally {
      setSaving(false);
    }
  };
  return { saving, failure, theirs, setTheirs, save };
}

/** What the button says. */
export const savingWords = (saving: boolean, save: { label: string; proof: readonly string[] } | undefined): string =>
  saving && save !== undefined && save.proof.length > 0 ? "Waiting for your passkey in the browser" : save?.label ?? "Save";
