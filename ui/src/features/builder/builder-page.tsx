/** Writes a policy: three questions from top to bottom, and beside them what is always true of the draft. */
import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { Failure } from "@/components/failure";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { call } from "@/ipc/host";
import type { Draft, DraftFrom } from "@/ipc/schema";
import { Builder } from "./builder";

export type Origin = { id?: string; copy?: string; hold?: string; seq?: number };

/** Tries a call on the draft: another feature's, given by the app. */
export type TryDraft = ComponentType<{ draft: Draft | null; tools: readonly string[]; onClose: () => void }>;

export function BuilderPage({ origin, TryDraft, onLeave }: { origin: Origin; TryDraft: TryDraft; onLeave: () => void }) {
  const from = fromOf(origin);
  // Not under `policies`: what one began from stays, whatever changes meanwhile.
  const { data, error, refetch } = useQuery({ queryKey: ["opened-draft", from], queryFn: () => call("open_draft", { from }), gcTime: 0 });
  const key = keyOf(origin);
  if (data !== undefined) return <Builder key={key} keeping={key} opened={data} TryDraft={TryDraft} onLeave={onLeave} />;
  return (
    <Page title="Policy">
      {error === null
        ? <Pending what="the policy" />
        : <Failure what="The policy could not be opened." error={error} onRetry={() => void refetch()} />}
    </Page>
  );
}

function fromOf({ id, copy, hold, seq }: Origin): DraftFrom {
  if (id !== undefined) return { kind: "policy", id };
  if (copy !== undefined) return { kind: "copy", id: copy };
  if (hold !== undefined) return { kind: "hold", hold };
  if (seq !== undefined) return { kind: "call", seq };
  return { kind: "nothing" };
}

const keyOf = ({ id, copy, hold, seq }: Origin): string =>
  id !== undefined ? `policy:${id}` : copy !== undefined ? `copy:${copy}` : hold !== undefined ? `hold:${hold}` : seq !== undefined ? `call:${seq}` : "new";
