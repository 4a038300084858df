/** The passphrase: whether there is one, and what it is good for beside a passkey. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { Failure } from "@/components/failure";
import { useCommand } from "@/ipc/queries";
import type { PassphraseState } from "@/ipc/schema";
import { PassphraseField, SetPassphrase } from "./set-passphrase";
import classes from "./security-page.module.css";

export function Passphrase({ state, passkeys }: { state: PassphraseState; passkeys: number }) {
  const [asked, setAsked] = useState<"set" | "remove" | null>(null);
  const close = (): void => { setAsked(null); };
  return (
    <section className={classes.part} aria-label="Passphrase" data-testid="passphrase-part">
      <div className={classes.head}>
        <h2>Passphrase</h2>
        <span className={classes.actions}>
          {state.set && <Button size="xs" variant="subtle" onClick={() => { setAsked("remove"); }} data-testid="remove-passphrase">Remove…</Button>}
          <Button size="xs" variant="subtle" onClick={() => { setAsked("set"); }} data-testid="set-passphrase">{state.set ? "Change…" : "Set a passphrase…"}</Button>
        </span>
      </div>
      <p data-testid="passphrase-state">{words(state.set, passkeys > 0)}</p>
      {asked === "set" && <SetPassphrase state={state} withPasskey={passkeys > 0} onClose={close} />}
      {asked === "remove" && <Remove withPasskey={passkeys > 0} onClose={close} />}
    </section>
  );
}

function words(set: boolean, withPasskey: boolean): string {
  const weaker = "It is weaker than a passkey: whoever has seen it typed can type it.";
  if (!set) return `None is set. Where a policy takes either, it stands in for a passkey on machines without one. ${weaker}`;
  return withPasskey
    ? `One is set. It releases calls whose policies take either, and never loosens a policy. ${weaker}`
    : `One is set. It releases calls whose policies take either, and lets the first passkey in. ${weaker}`;
}

function Remove({ withPasskey, onClose }: { withPasskey: boolean; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const remove = useCommand("remove_passphrase", ["security", "inbox"]);
  return (
    <Confirm
      opened title="Remove the passphrase?" action="Remove the passphrase"
      busy={remove.isPending || (!withPasskey && typed === "")} onCancel={onClose}
      onConfirm={() => { remove.mutate({ old: withPasskey ? null : typed }, { onSuccess: onClose }); }}
      error={remove.error !== null && <Failure what="It was not removed." error={remove.error} />}
    >
      <p>
        {withPasskey
          ? "Calls that could be released with it ask for a passkey from now on."
          : "Calls that need a passkey or passphrase are refused from then on, until you set another or enrol a passkey."}
      </p>
      {!withPasskey && <PassphraseField label="Passphrase" value={typed} onChange={setTyped} testId="old-passphrase" focus />}
    </Confirm>
  );
}
