/** Another name for a passkey; nothing else of it can be changed. */
import { Button, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { useCommand } from "@/ipc/queries";
import type { PasskeyRow } from "@/ipc/schema";
import classes from "./security-page.module.css";

export function RenamePasskey({ passkey, onClose }: { passkey: PasskeyRow; onClose: () => void }) {
  const [name, setName] = useState(passkey.name);
  const rename = useCommand("rename_passkey", ["security"]);
  const send = (): void => {
    if (name.trim() !== "" && !rename.isPending) rename.mutate({ id: passkey.id, name: name.trim() }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={`Rename ${passkey.name}`} data-testid="rename-dialog">
      <form className={classes.form} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <TextInput
          label="Name" value={name} data-autofocus autoComplete="off" spellCheck={false} maxLength={60}
          onChange={(event) => { setName(event.currentTarget.value); }} data-testid="new-name"
        />
        {rename.error !== null && <Failure what="It keeps its name." error={rename.error} />}
        <div className={classes.buttons}>
          <Button type="button" onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={name.trim() === "" || rename.isPending} data-testid="rename-save">Rename</Button>
        </div>
      </form>
    </Modal>
  );
}
