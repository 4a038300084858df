/** The people: who agents act for and who votes. All of them are one file, edited here and saved as one change. */
import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { DiffView } from "@/components/diff-view";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { call, type IpcFailure } from "@/ipc/host";
import { peopleDraftQuery } from "@/ipc/queries";
import type { PeopleDraft, UserDraft } from "@/ipc/schema";
import { plural, sentence } from "@/lib/words";
import { PersonItem } from "./person-item";
import classes from "./people-page.module.css";

const READ_AFTER = 150;
const NEW: UserDraft = { from: null, id: "", name: "", email: "", roles: [], department: "", owner: false, attributes: [] };

export function PeoplePage() {
  const { data, error, refetch } = useQuery({ queryKey: ["opened-people"], queryFn: () => call("people", {}), gcTime: 0, staleTime: Infinity });
  if (data !== undefined) return <Editor key={data.base} opened={data} onSaved={() => void refetch()} />;
  return (
    <Page title="People">
      {error === null
        ? <Pending what="the people" />
        : <Failure what="The people could not be read. Those in force stay in force." error={error} onRetry={() => void refetch()} />}
    </Page>
  );
}

function Editor({ opened, onSaved }: { opened: PeopleDraft; onSaved: () => void }) {
  const [draft, setDraft] = useState(opened);
  const [settled, setSettled] = useState(opened);
  const [open, setOpen] = useState<number | null>(null);
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState<IpcFailure | null>(null);
  const [theirs, setTheirs] = useState<string | null>(null);
  const client = useQueryClient();
  useEffect(() => {
    const timer = setTimeout(() => { setSettled(draft); }, READ_AFTER);
    return () => { clearTimeout(timer); };
  }, [draft]);
  const { data: view, error, isPlaceholderData } = useQuery(peopleDraftQuery(settled));
  const isCurrent = settled === draft && !isPlaceholderData;
  const isChanged = draft !== opened;
  const setUser = (at: number, change: Partial<UserDraft>): void => {
    setDraft((before) => ({
      ...before,
      users: before.users.map((user, index) => {
        if (index === at) return { ...user, ...change };
        // There is one owner: who becomes it takes it over.
        return change.owner === true ? { ...user, owner: false } : user;
      }),
    }));
  };
  const save = async (): Promise<void> => {
    setSaving(true);
    setFailure(null);
    try {
      const outcome = await call("save_people", { draft });
      if (outcome.kind === "changed") { setTheirs(outcome.theirs); return; }
      for (const tag of ["policies", "agents", "security", "overview"]) void client.invalidateQueries({ queryKey: [tag] });
      onSaved();
    } catch (caught) {
      setFailure(caught as IpcFailure);
    } finally {
      setSaving(false);
    }
  };
  return (
    <Page
      title="People" note={plural(draft.users.length, "person", "people")}
      actions={(
        <>
          {isChanged && <span className="muted small" id="people-note">{view?.save.note}</span>}
          {isChanged && <Button onClick={() => { setDraft(opened); setTheirs(null); setFailure(null); setOpen(null); }} data-testid="discard-people">Discard</Button>}
          {isChanged && (
            <Button
              variant="filled" onClick={() => void save()} disabled={!isCurrent || saving || view?.save.can !== true || theirs !== null}
              aria-describedby="people-note" data-testid="save-people"
            >
              {saving && view?.save.proof.length !== 0 ? "Waiting for your passkey in the browser" : view?.save.label ?? "Save"}
            </Button>
          )}
          <Button
            variant={isChanged ? "default" : "filled"} data-testid="add-person"
            onClick={() => { setDraft((before) => ({ ...before, users: [...before.users, NEW] })); setOpen(draft.users.length); }}
          >
            Add a person
          </Button>
        </>
      )}
    >
      <p className="muted">Agents act for them, and they vote. Conditions can look at roles, department and custom attributes: <code>user.role</code>, <code>user.department</code>.</p>
      {failure !== null && <Failure what="The people were not saved. What you typed is still here." error={failure} />}
      {error !== null && <Failure what="What you typed could not be read. It is kept." error={error} />}
      {theirs !== null && (
        <Notice
          tone="hold" alert title="people.toml was changed while you wrote" testId="changed-underneath"
          actions={(
            <>
              <Button size="xs" onClick={onSaved} data-testid="take-theirs">Take the file</Button>
              <Button size="xs" onClick={() => { setDraft((before) => ({ ...before, base: theirs })); setTheirs(null); }} data-testid="keep-mine">Keep mine</Button>
            </>
          )}
        >
          <p>Nothing was saved. Keep yours and saving replaces the file; take the file and what you typed is gone.</p>
          <DiffView before={opened.base} after={theirs} label="How the file was changed" />
        </Notice>
      )}
      {view?.problems.map((problem) => <p key={problem} className={classes.problem} role="status"><Prose text={sentence(problem)} /></p>)}
      {view !== undefined && view.orphans.length > 0 && (
        <Notice tone="hold" title="Agents that act for nobody here" testId="orphans">{`${view.orphans.join("; ")}. Every call of theirs is refused.`}</Notice>
      )}
      <ul className={classes.list} aria-label="People">
        {draft.users.map((user, index) => (
          <li key={index}>
            <PersonItem
              user={user} view={isCurrent ? view?.users[index] : undefined} roles={view?.roles ?? []} attributes={view?.attributes ?? []}
              open={open === index} onOpen={() => { setOpen(open === index ? null : index); }}
              onChange={(change) => { setUser(index, change); }}
              onRemove={() => {
                setDraft((before) => ({ ...before, users: before.users.filter((_, other) => other !== index) }));
                setOpen(null);
              }}
            />
          </li>
        ))}
      </ul>
    </Page>
  );
}
