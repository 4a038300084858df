/** A new agent: its name, and the user it acts for. */
import { Button, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { useCommand } from "@/ipc/queries";
import type { NewAgent, Person } from "@/ipc/schema";
import classes from "./add-agent.module.css";

export function AddAgent({ users, taken, onAdded, onClose }: {
  users: readonly Person[];
  taken: readonly string[];
  onAdded: (agent: NewAgent) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState("");
  const [user, setUser] = useState(users[0]?.id ?? "");
  const add = useCommand("add_agent", ["agents", "overview"]);
  const problem = taken.includes(name.trim()) ? "There is an agent of this name. Choose another." : null;
  const complete = name.trim() !== "" && user !== "" && problem === null;
  const send = (): void => {
    if (complete && !add.isPending) add.mutate({ name: name.trim(), user }, { onSuccess: onAdded });
  };
  return (
    <Modal opened onClose={onClose} title="Connect an agent" data-testid="add-agent-dialog">
      <form className={classes.form} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <TextInput
          label="Name" description="You will see it on every card. Use one name for each program." placeholder="claude-code"
          value={name} error={problem} data-autofocus autoComplete="off" spellCheck={false}
          onChange={(event) => { setName(event.currentTarget.value); }} data-testid="agent-name"
        />
        <NativeSelect
          label="Acts for" description="Policies judge its calls as this person's." value={user}
          data={users.map(({ id, name: label }) => ({ value: id, label }))}
          onChange={(event) => { setUser(event.currentTarget.value); }} data-testid="agent-user"
        />
        {add.error !== null && <Failure what="The agent was not added." error={add.error} />}
        <div className={classes.buttons}>
          <Button type="button" onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!complete || add.isPending} data-testid="agent-save">Make a token</Button>
        </div>
      </form>
    </Modal>
  );
}
