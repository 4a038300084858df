/** The people: who agents act for and who votes. All of them are one file, edited here and saved as one change. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ChangedUnderneath } from "@/components/changed-underneath";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { call } from "@/ipc/host";
import { peopleDraftQuery } from "@/ipc/queries";
import type { PeopleDraft, UserDraft } from "@/ipc/schema";
import { savingWords, useSaving } from "@/ipc/use-saving";
import { useSettledValue } from "@/lib/use-settled-value";
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
  const settled = useSettledValue(draft, READ_AFTER);
  const [open, setOpen] = useState<number | null>(null);
  const { saving, failure, theirs, setTheirs, save } = useSaving(["policies", "agents", "security", "overview"]);
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
  return (
    <Page
      title="People" note={plural(draft.users.length, "person", "people")}
      actions={(
        <>
          {isChanged && <span className="muted small" id="people-note">{view?.save.note}</span>}
          {isChanged && <Button onClick={() => { setDraft(opened); setTheirs(null); setOpen(null); }} disabled={saving} data-testid="discard-people">Discard</Button>}
          {isChanged && (
            <Button
              variant="filled" onClick={() => void save(() => call("save_people", { draft }), onSaved)} disabled={!isCurrent || saving || view?.save.can !== true || theirs !== null}
              aria-describedby="people-note" data-testid="save-people"
            >
              {savingWords(saving, view?.save)}
            </Button>
          )}
          <Button
            variant={isChanged ? "default" : "filled"} disabled={saving} data-testid="add-person"
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
        <ChangedUnderneath
          theirs={theirs.text} mine={theirs.mine}
          onMine={() => { setDraft((before) => ({ ...before, base: theirs.text ?? "" })); setTheirs(null); }} onTheirs={onSaved}
        />
      )}
      {view?.problems.map((problem) => <p key={problem} className={classes.problem} role="status"><Prose text={sentence(problem)} /></p>)}
      {view !== undefined && view.orphans.length > 0 && (
        <Notice tone="hold" title="Agents that act for nobody here" testId="orphans">{`${view.orphans.join("; ")}. Every call of theirs is refused.`}</Notice>
      )}
      <ul className={classes.list} aria-label="People" inert={saving}>
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
