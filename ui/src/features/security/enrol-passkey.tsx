/** A new passkey: whose it is and what it is called. The rest happens in the system's browser. */
import { Button, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { useCommand } from "@/ipc/queries";
import type { CeremonyStarted, Person } from "@/ipc/schema";
import { PassphraseField } from "./set-passphrase";
import classes from "./security-page.module.css";

export function EnrolPasskey({ people, first, asksPassphrase, onStarted, onClose }: {
  people: readonly Person[];
  first: boolean;
  /** It lets the first passkey in. */
  asksPassphrase: boolean;
  onStarted: (ceremony: CeremonyStarted) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState("");
  const [person, setPerson] = useState(people[0]?.id ?? "");
  const [typed, setTyped] = useState("");
  const enrol = useCommand("enrol_passkey", ["security"]);
  const complete = name.trim() !== "" && person !== "" && (!asksPassphrase || typed !== "");
  const send = (): void => {
    if (complete && !enrol.isPending) {
      enrol.mutate({ person, name: name.trim(), passphrase: asksPassphrase ? typed : null }, { onSuccess: onStarted });
    }
  };
  return (
    <Modal opened onClose={onClose} title="Enrol a passkey" data-testid="enrol-dialog">
      <form className={classes.form} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <TextInput
          label="Name" description="To tell it from others later." placeholder="Blue key" maxLength={60}
          value={name} data-autofocus autoComplete="off" spellCheck={false}
          onChange={(event) => { setName(event.currentTarget.value); }} data-testid="passkey-name"
        />
        <NativeSelect
          label="Belongs to" description="It proves that this person is there, and nobody else." value={person}
          data={people.map(({ id, name: label }) => ({ value: id, label }))}
          onChange={(event) => { setPerson(event.currentTarget.value); }} data-testid="passkey-person"
        />
        {asksPassphrase && (
          <PassphraseField
            label="Passphrase" description="It lets the first passkey in." value={typed} onChange={setTyped} testId="enrol-passphrase"
          />
        )}
        <p className="muted small">
          {first
            ? "Your browser opens a page of Doorward’s. Once this passkey is there, whatever loosens your policies asks for it."
            : "Your browser opens a page of Doorward’s: make the new passkey there, then let it in with one that is enrolled."}
        </p>
        {enrol.error !== null && <Failure what="No page was opened." error={enrol.error} />}
        <div className={classes.buttons}>
          <Button type="button" onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!complete || enrol.isPending} data-testid="passkey-go">Open the page</Button>
        </div>
      </form>
    </Modal>
  );
}
