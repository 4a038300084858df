/** A new upstream: a command or an address. A command is shown in the parts it will be run with. */
import { Button, Modal, SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { useCommand } from "@/ipc/queries";
import { splitCommandLine } from "@/lib/command-line";
import { plural } from "@/lib/words";
import classes from "./add-upstream.module.css";

type Kind = "command" | "url";

export function AddUpstream({ taken, onClose }: { taken: readonly string[]; onClose: () => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Kind>("command");
  const [line, setLine] = useState("");
  const [url, setUrl] = useState("");
  const add = useCommand("add_upstream", ["upstreams", "overview"]);
  const { parts, problem } = splitCommandLine(line);
  const nameProblem = taken.includes(name.trim()) ? "There is an upstream of this name. Choose another." : null;
  const complete = name.trim() !== "" && nameProblem === null
    && (kind === "command" ? parts.length > 0 && problem === null : url.trim() !== "");

  const send = (): void => {
    if (!complete || add.isPending) return;
    add.mutate(
      { name: name.trim(), command: kind === "command" ? parts : null, url: kind === "url" ? url.trim() : null },
      { onSuccess: onClose },
    );
  };
  return (
    <Modal opened onClose={onClose} title="Add an upstream" size={560} data-testid="add-upstream-dialog">
      <form className={classes.form} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <TextInput
          label="Name" description="Policies and agents use it, as in filesystem/write_file." placeholder="filesystem"
          value={name} error={nameProblem} data-autofocus autoComplete="off" spellCheck={false}
          onChange={(event) => { setName(event.currentTarget.value); }} data-testid="upstream-name"
        />
        <div>
          <SegmentedControl
            aria-label="How it is reached" value={kind} onChange={(value) => { setKind(value === "url" ? "url" : "command"); }}
            data={[{ value: "command", label: "A command to run" }, { value: "url", label: "An address" }]}
          />
        </div>
        {kind === "command"
          ? (
            <>
              <TextInput
                label="Command" classNames={{ input: classes.mono }} placeholder="npx -y @modelcontextprotocol/server-filesystem /home/ana/notes"
                description="Quotes and backslashes work as in a shell. Variables, pipes and wildcards do not."
                value={line} error={problem} autoComplete="off" spellCheck={false}
                onChange={(event) => { setLine(event.currentTarget.value); }} data-testid="upstream-command"
              />
              {parts.length > 0 && <Parts parts={parts} />}
            </>
          )
          : (
            <TextInput
              label="Address" classNames={{ input: classes.mono }} placeholder="https://mcp.example.com/mcp"
              description="https, or http on this machine."
              value={url} autoComplete="off" spellCheck={false}
              onChange={(event) => { setUrl(event.currentTarget.value); }} data-testid="upstream-url"
            />
          )}
        {add.error !== null && <Failure what="It was not added." error={add.error} />}
        <div className={classes.buttons}>
          <Button type="button" onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!complete || add.isPending} data-testid="upstream-save">Add</Button>
        </div>
      </form>
    </Modal>
  );
}

function Parts({ parts }: { parts: readonly string[] }) {
  return (
    <div>
      <p className="muted small">Doorward will run {plural(parts.length, "part")}, exactly:</p>
      <ol className={classes.parts}>
        {parts.map((part, index) => <li key={index}><code>{part === "" ? "(empty)" : part}</code></li>)}
      </ol>
    </div>
  );
}
