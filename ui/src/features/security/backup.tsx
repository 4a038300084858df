/** A backup of the home, sealed with a passphrase that is typed here and kept nowhere. */
import { Button, Modal, PasswordInput } from "@mantine/core";
import { useState } from "react";
import { CopyBlock } from "@/components/copy-block";
import { Failure } from "@/components/failure";
import { useCommand } from "@/ipc/queries";
import classes from "./security-page.module.css";

const SHORTEST = 12;

export function Backup({ passkeys, kept }: { passkeys: number; kept: boolean }) {
  const [asking, setAsking] = useState(false);
  const [path, setPath] = useState<string | null>(null);
  return (
    <section className={classes.part} aria-label="Backup" data-testid="backup">
      <h2>Backup</h2>
      {kept
        ? (
          <p>
            Policies, people, agents, upstreams, passkeys and the journal’s key in one sealed file. The journal itself and
            the secrets of upstreams are not in it. <code>doorward restore FILE</code> makes a home of it.
          </p>
        )
        : <p>This home keeps its keys in memory, so there is nothing that could be restored.</p>}
      {path !== null && (
        <>
          <p>It is made. Copy it to another machine or disk:</p>
          <CopyBlock text={path} label="where the backup lies" />
        </>
      )}
      {kept && (
        <p className={classes.after}>
          <Button size="xs" onClick={() => { setAsking(true); }} data-testid="make-backup">Make a backup…</Button>
        </p>
      )}
      {asking && (
        <Ask
          guarded={passkeys > 0} onClose={() => { setAsking(false); }}
          onMade={(made) => { setPath(made); setAsking(false); }}
        />
      )}
    </section>
  );
}

function Ask({ guarded, onClose, onMade }: { guarded: boolean; onClose: () => void; onMade: (path: string) => void }) {
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const make = useCommand("make_backup", []);
  const short = first !== "" && Array.from(first).length < SHORTEST;
  const other = second !== "" && second !== first;
  const complete = Array.from(first).length >= SHORTEST && second === first;
  const send = (): void => {
    if (complete && !make.isPending) make.mutate({ passphrase: first }, { onSuccess: ({ path }) => { onMade(path); } });
  };
  return (
    <Modal opened onClose={onClose} title="Make a backup" data-testid="backup-dialog">
      <form className={classes.form} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <PasswordInput
          label="Passphrase" description="Without it nobody can restore the backup, and nobody can tell it to you."
          value={first} data-autofocus autoComplete="new-password" data-testid="backup-passphrase"
          error={short ? `At least ${SHORTEST} characters: several words in a row.` : undefined}
          onChange={(event) => { setFirst(event.currentTarget.value); }}
        />
        <PasswordInput
          label="The same again" value={second} autoComplete="new-password" data-testid="backup-again"
          error={other ? "It differs from the first." : undefined}
          onChange={(event) => { setSecond(event.currentTarget.value); }}
        />
        {guarded && <p className="muted small">Your browser opens and asks for your passkey.</p>}
        {make.error !== null && <Failure what="No backup was made." error={make.error} />}
        <div className={classes.buttons}>
          <Button type="button" onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!complete || make.isPending} data-testid="backup-go">
            {make.isPending ? "Making it" : "Make the backup"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
