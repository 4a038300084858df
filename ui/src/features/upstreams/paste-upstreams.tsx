/** Servers as a README shows them: the text is read, every command is shown whole, and only then are they added. */
import { Button, Checkbox, Modal, Textarea } from "@mantine/core";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { useCommand } from "@/ipc/queries";
import { plural, sentence } from "@/lib/words";
import classes from "./add-upstream.module.css";

export function PasteUpstreams({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [keepSecrets, setKeepSecrets] = useState(true);
  const read = useCommand("read_pasted", []);
  const add = useCommand("add_pasted", ["upstreams", "overview"]);
  const found = read.data ?? [];
  const taken = found.filter(({ problem }) => problem === null);
  const request = { text, keep_secrets: keepSecrets };
  return (
    <Modal opened onClose={onClose} title="Paste from a README" size={640} data-testid="paste-dialog">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (taken.length === 0) read.mutate(request);
          else if (!add.isPending) add.mutate(request, { onSuccess: onClose });
        }}
      >
        <Textarea
          label="The JSON or TOML that the server’s README shows" classNames={{ input: classes.mono }} minRows={6} maxRows={14} autosize
          value={text} spellCheck={false} data-autofocus data-testid="pasted-text"
          onChange={(event) => { setText(event.currentTarget.value); read.reset(); add.reset(); }}
        />
        <Checkbox
          checked={keepSecrets} onChange={(event) => { setKeepSecrets(event.currentTarget.checked); read.reset(); }}
          label="Move what looks secret into the keychain" description="Else it stays readable in upstreams.toml."
        />
        {read.data !== undefined && found.length === 0 && <p role="status">There is no server in this text. Paste it from the first brace to the last.</p>}
        {found.length > 0 && (
          <div>
            <p className="muted small">Doorward will run or call, exactly:</p>
            <ul className={classes.pasted} aria-label="Servers in the text">
              {found.map(({ name, shown, secrets, problem }) => (
                <li key={name} data-testid="pasted-server">
                  <strong><Marked text={name} /></strong>
                  {shown !== "" && <code className={classes.exact}><Marked text={shown} /></code>}
                  {secrets.map((secret) => <span key={secret} className="muted small">into the keychain: {secret}</span>)}
                  {problem !== null && <span className="muted small">Not added: <Marked text={sentence(problem)} /></span>}
                </li>
              ))}
            </ul>
          </div>
        )}
        {read.error !== null && <Failure what="The text could not be read." error={read.error} />}
        {add.error !== null && <Failure what="Not everything was added." error={add.error} />}
        <div className={classes.buttons}>
          <Button type="button" onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={text.trim() === "" || read.isPending || add.isPending} data-testid="paste-go">
            {taken.length === 0 ? "Read it" : `Add ${plural(taken.length, "upstream")}`}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
