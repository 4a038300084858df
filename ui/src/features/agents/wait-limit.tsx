/** How long one agent is kept waiting for a held call. */
import { Button, Modal, NativeSelect } from "@mantine/core";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { useCommand } from "@/ipc/queries";
import type { AgentRow } from "@/ipc/schema";
import { lengthOf } from "@/lib/time";
import classes from "./add-agent.module.css";

const USUAL = "";
const PRESETS = [45, 120, 300, 600, 1800, 3600];

export function WaitLimit({ agent, onClose }: { agent: AgentRow; onClose: () => void }) {
  const [chosen, setChosen] = useState(agent.wait_limit === null ? USUAL : String(agent.wait_limit));
  const set = useCommand("set_wait_limit", ["agents", "overview"]);
  const own = agent.wait_limit === null || PRESETS.includes(agent.wait_limit) ? [] : [agent.wait_limit];
  const lengths = [...PRESETS, ...own].sort((a, b) => a - b);
  const send = (): void => {
    if (set.isPending) return;
    set.mutate({ agent: agent.name, seconds: chosen === USUAL ? null : Number(chosen) }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={`How long does ${agent.name} wait?`} data-testid="wait-dialog">
      <form className={classes.form} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <NativeSelect
          label="Wait limit" value={chosen} data-autofocus data-testid="wait-limit"
          description="While a call is held, the agent is kept waiting this long. Then it is told that the call still waits, and can call again for the answer."
          data={[
            { value: USUAL, label: "As its program allows" },
            ...lengths.map((seconds) => ({ value: String(seconds), label: lengthOf(seconds) })),
          ]}
          onChange={(event) => { setChosen(event.currentTarget.value); }}
        />
        <p className="muted small">
          {agent.wait_of_program !== null && <>Its program allows {agent.wait_of_program}. </>}
          A program that is kept waiting longer than it allows gives up on the call.
        </p>
        {set.error !== null && <Failure what="The wait limit was not changed." error={set.error} />}
        <div className={classes.buttons}>
          <Button type="button" onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={set.isPending} data-testid="wait-save">Save</Button>
        </div>
      </form>
    </Modal>
  );
}
