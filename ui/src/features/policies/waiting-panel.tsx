/** Files changed outside the app do not apply by themselves: here is what changed, and the two ways on. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { DiffView } from "@/components/diff-view";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { Tag, type Tone } from "@/components/tag";
import { useCommand } from "@/ipc/queries";
import type { ChangedFile, WaitingChange } from "@/ipc/schema";
import { useSettled } from "@/lib/guard";
import { plural, sentence } from "@/lib/words";
import classes from "./waiting-panel.module.css";

const KINDS: Record<ChangedFile["kind"], { word: string; tone: Tone }> = {
  added: { word: "Added", tone: "allow" },
  changed: { word: "Changed", tone: "accent" },
  removed: { word: "Removed", tone: "deny" },
};

export function WaitingPanel({ change }: { change: WaitingChange }) {
  const apply = useCommand("confirm_change", ["policies", "overview", "inbox"]);
  const putBack = useCommand("discard_change", ["policies", "overview"]);
  const [asking, setAsking] = useState(false);
  const settled = useSettled(change.hash);
  const broken = change.problems.length > 0;
  const busy = apply.isPending || putBack.isPending;
  const files = plural(change.files.length, "file");
  return (
    <section className={classes.panel} aria-labelledby="waiting-title" data-testid="waiting-change">
      <header className={classes.head}>
        <div className={classes.words}>
          <h2 id="waiting-title" className={classes.title}>A change on disk waits for you</h2>
          <p className="muted small">
            {files} in the policies folder {change.files.length === 1 ? "differs" : "differ"} from what is in force. Calls are judged by what is in force until you apply this.
          </p>
        </div>
        <div className={classes.buttons}>
          <Button disabled={busy} onClick={() => { setAsking(true); }} data-testid="put-back">Put back…</Button>
          <Button
            variant="filled" disabled={busy || broken || !settled} data-testid="apply-change"
            onClick={() => { apply.mutate({ hash: change.hash }); }}
          >
            Apply
          </Button>
        </div>
      </header>
      {broken && (
        <div className={classes.problems} role="alert">
          <strong>It cannot be applied yet.</strong> Mend the file and this list follows, or put it back.
          <ul>{change.problems.map((problem) => <li key={problem}><code><Marked text={problem} /></code></li>)}</ul>
        </div>
      )}
      {apply.error !== null && <Failure what="The change was not applied. What was in force stays." error={apply.error} />}
      {change.files.map((file) => <File key={file.path} file={file} />)}
      <Confirm
        opened={asking} title={`Put back ${files}?`} action="Put back" busy={busy}
        onCancel={() => { setAsking(false); }}
        onConfirm={() => { putBack.mutate({ hash: change.hash }, { onSuccess: () => { setAsking(false); } }); }}
        error={putBack.error !== null && <Failure what="Nothing was put back." error={putBack.error} />}
      >
        <p>The files become again what is in force. What was edited on disk is lost. Policies in force do not change.</p>
        <ul>{change.files.map(({ path }) => <li key={path}><code>{path}</code></li>)}</ul>
      </Confirm>
    </section>
  );
}

function File({ file }: { file: ChangedFile }) {
  const { word, tone } = KINDS[file.kind];
  return (
    <div className={classes.file}>
      <div className={classes.path}><code>{file.path}</code><Tag tone={tone}>{word}</Tag></div>
      <DiffView before={file.before} after={file.after} label={`${word}: ${sentence(file.path)}`} />
    </div>
  );
}
