/** One pack: what is in it, what it would have done to the calls on record, and the two ways to add it. */
import { Button, Checkbox } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { CopyBlock } from "@/components/copy-block";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { Tag, type Tone } from "@/components/tag";
import { call, type IpcFailure } from "@/ipc/host";
import { packQuery } from "@/ipc/queries";
import type { PackAdded, PackFile, PackSource, PolicyAction } from "@/ipc/schema";
import { copyText } from "@/lib/copy-text";
import { listed, phrase, plural, sentence } from "@/lib/words";
import { PackEffect } from "./pack-effect";
import classes from "./packs-page.module.css";

const ACTIONS: Record<PolicyAction, { word: string; tone: Tone }> = {
  deny: { word: "Deny", tone: "deny" }, request_approval: { word: "Ask for approval", tone: "hold" },
  step_up: { word: "Step up", tone: "step" }, allow: { word: "Allow", tone: "allow" },
};
const STATES: Record<PackFile["state"], string> = {
  new: "", there: "there already", kept: "yours of this name stays", left_out: "not taken",
};

export function PackDetail({ source, onLeave }: { source: PackSource; onLeave: () => void }) {
  const [withDefault, setWithDefault] = useState(false);
  const { data: view, error, refetch } = useQuery(packQuery(source, withDefault));
  const [busy, setBusy] = useState<"observe" | "enforce" | null>(null);
  const [added, setAdded] = useState<PackAdded & { observe: boolean } | null>(null);
  const [failure, setFailure] = useState<IpcFailure | null>(null);
  const [copied, setCopied] = useState("");
  const client = useQueryClient();
  const add = async (observe: boolean): Promise<void> => {
    if (view === undefined) return;
    setBusy(observe ? "observe" : "enforce");
    setFailure(null);
    try {
      setAdded({ ...await call("add_pack", { source, with_default: withDefault, observe, seen: view.text }), observe });
      void client.invalidateQueries({ queryKey: ["policies"] });
    } catch (caught) {
      setFailure(caught as IpcFailure);
      void refetch();
    } finally {
      setBusy(null);
    }
  };
  if (view === undefined) {
    return (
      <Page title="Pack" actions={<Button onClick={onLeave}>Back</Button>}>
        {error === null ? <Pending what="the pack" /> : <Failure what="The pack could not be read." error={error} onRetry={() => void refetch()} />}
      </Page>
    );
  }
  const fresh = view.files.filter(({ state }) => state === "new");
  const can = fresh.length > 0 && view.problems.length === 0 && busy === null;
  const label = (observe: boolean): string => {
    const proof = (observe ? view.proof_observed : view.proof_enforced).length > 0;
    if (busy === (observe ? "observe" : "enforce")) return proof ? "Waiting for your passkey in the browser" : "Adding";
    return `${observe ? "Add, observe first" : "Add and enforce"}${proof ? ", needs your passkey" : ""}`;
  };
  return (
    <Page
      title={view.title} note={source.kind === "folder" ? <code><Marked text={source.path} /></code> : undefined}
      actions={(
        <>
          <Button onClick={onLeave} data-testid="leave-pack">Back</Button>
          <Button data-testid="copy-pack" onClick={() => void copyText(view.text).then((done) => { setCopied(done ? "Copied." : "Copying did not work."); })}>Copy as text</Button>
          <Button onClick={() => void add(false)} disabled={!can} data-testid="add-enforced">{label(false)}</Button>
          <Button variant="filled" onClick={() => void add(true)} disabled={!can} data-testid="add-observed">{label(true)}</Button>
        </>
      )}
    >
      <div role="status">{copied !== "" && <p className="muted small">{copied}</p>}</div>
      {failure !== null && <Failure what="The pack was not added. Nothing was changed." error={failure} />}
      {added !== null && (
        <Notice tone="allow" title={`${plural(added.added.length, "file")} added`} testId="pack-added">
          {added.observe ? "Its policies record what they would have done. Enforce each on the Policies screen." : "In force from the next call on."}
          {added.kept.length > 0 && ` Yours stayed: ${listed(added.kept)}.`}
        </Notice>
      )}
      {view.page !== "" && <p className="muted"><Prose text={intro(view.page)} /></p>}
      {view.problems.map((problem) => <p key={problem} className={classes.problem} role="alert"><Prose text={sentence(problem)} /></p>)}
      {view.absent.length > 0 && (
        <Notice tone="hold" title={`No upstream is called ${listed(view.absent, "or")}`} testId="absent">
          Its policies can be added all the same, and apply once there is one. If yours has another name, change the tools of each policy.
        </Notice>
      )}
      {view.default !== null && (
        <Checkbox
          checked={withDefault} onChange={(event) => { setWithDefault(event.currentTarget.checked); }} data-testid="with-default"
          label={<>Take its default too: <Prose text={sentence(view.default, false)} /></>}
        />
      )}
      <PackEffect source={source} withDefault={withDefault} nothing={fresh.length === 0} />
      <ul className={classes.list} aria-label="Files of the pack">
        {view.files.map((file) => (
          <li key={file.path} className={classes.file} data-state={file.state} data-testid="pack-file">
            <details>
              <summary>
                <strong><Marked text={phrase(file.name)} /></strong>
                {file.action !== null && <Tag tone={ACTIONS[file.action].tone}>{ACTIONS[file.action].word}</Tag>}
                <code className="faint small"><Marked text={file.path} /></code>
                {STATES[file.state] !== "" && <span className="faint small">{STATES[file.state]}</span>}
              </summary>
              <CopyBlock text={file.text} label={file.path} />
            </details>
            {file.sentence !== "" && <p className="muted"><Prose text={sentence(file.sentence)} /></p>}
          </li>
        ))}
      </ul>
    </Page>
  );
}

/** What stands between the title and the first table. */
function intro(page: string): string {
  const lines = page.split("\n").slice(1);
  const end = lines.findIndex((line) => line.startsWith("|"));
  return lines.slice(0, end < 0 ? lines.length : end).join(" ").trim();
}
