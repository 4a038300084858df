/** A first passphrase, or another one: typed twice, and let in by the old one or by a passkey in the browser. */
import { Button, Modal, PasswordInput } from "@mantine/core";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { useCommand } from "@/ipc/queries";
import type { PassphraseState } from "@/ipc/schema";
import classes from "./security-page.module.css";

export function SetPassphrase({ state, withPasskey, onClose }: {
  state: PassphraseState;
  withPasskey: boolean;
  onClose: () => void;
}) {
  const [typed, setTyped] = useState("");
  const [again, setAgain] = useState("");
  const [old, setOld] = useState("");
  const set = useCommand("set_passphrase", ["security", "inbox"]);
  const asksOld = state.set && !withPasskey;
  const long = Array.from(typed).length >= state.shortest;
  const complete = long && typed === again && (!asksOld || old !== "");
  const send = (): void => {
    if (complete && !set.isPending) set.mutate({ passphrase: typed, old: asksOld ? old : null }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={state.set ? "Change the passphrase" : "Set a passphrase"} data-testid="passphrase-dialog">
      <form className={classes.form} onSubmit={(event) => { event.preventDefault(); send(); }}>
        {asksOld && <PassphraseField label="Old passphrase" value={old} onChange={setOld} testId="old-passphrase" focus />}
        <PassphraseField
          label="New passphrase" description={`At least ${state.shortest} characters. Several words in a row are easy to remember and hard to guess.`}
          error={typed !== "" && again !== "" && !long ? "It is too short." : undefined}
          value={typed} onChange={setTyped} testId="new-passphrase" focus={!asksOld}
        />
        <PassphraseField
          label="Once more" error={again !== "" && long && typed !== again ? "This is another one." : undefined}
          value={again} onChange={setAgain} testId="again-passphrase"
        />
        <p className="muted small">
          {withPasskey
            ? "Your browser opens a page of Doorward’s: agree there with your passkey. It is set once you have."
            : "It is kept in your system’s keychain, in a form that cannot be read back. Type it in this window only."}
        </p>
        {set.error !== null && <Failure what="The passphrase was not set." error={set.error} />}
        <div className={classes.buttons}>
          <Button type="button" onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!complete || set.isPending} data-testid="passphrase-save">
            {set.isPending && withPasskey ? "Go on in your browser" : "Set it"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** One field that shows nothing of what is typed. */
export function PassphraseField({ label, description, error, value, onChange, testId, focus = false }: {
  label: string;
  description?: string | undefined;
  error?: string | undefined;
  value: string;
  onChange: (value: string) => void;
  testId: string;
  focus?: boolean;
}) {
  return (
    <PasswordInput
      label={label} description={description} error={error} value={value} autoComplete="off" spellCheck={false}
      data-autofocus={focus || undefined} onChange={(event) => { onChange(event.currentTarget.value); }} data-testid={testId}
    />
  );
}
