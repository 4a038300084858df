/** One flow: its stages as a line that is read from top to bottom, and beside it what each approver would meet. */
import { Button, Checkbox, NumberInput, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { DiffView } from "@/components/diff-view";
import { Failure } from "@/components/failure";
import { Icon } from "@/components/icon";
import { Marked } from "@/components/marked";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { call, type IpcFailure } from "@/ipc/host";
import { catalogueQuery, flowDraftQuery } from "@/ipc/queries";
import type { Catalogue, FlowDraft, FlowDraftView, StageDraft, StageView } from "@/ipc/schema";
import { listed, plural, sentence } from "@/lib/words";
import classes from "./flows.module.css";

const NEW: StageDraft = {
  from: null, users: [], roles: [], required: 1, within: "15m", escalates: false, escalate_users: [], escalate_roles: [],
  step_up: null, exclude_requester: false, grants: false,
};

export function FlowEditor({ id, onLeave }: { id: string | null; onLeave: () => void }) {
  const { data, error } = useQuery({ queryKey: ["opened-flow", id], queryFn: () => call("open_flow", { id }), gcTime: 0 });
  if (data !== undefined) return <Editor opened={data} onLeave={onLeave} />;
  return <Page title="Approval flow">{error === null ? <Pending what="the flow" /> : <Failure what="The flow could not be opened." error={error} />}</Page>;
}

function Editor({ opened, onLeave }: { opened: FlowDraft; onLeave: () => void }) {
  const [draft, setDraft] = useState(opened);
  const [settled, setSettled] = useState(opened);
  const [theirs, setTheirs] = useState<string | null | undefined>(undefined);
  const [failure, setFailure] = useState<IpcFailure | null>(null);
  const [said, setSaid] = useState("");
  const client = useQueryClient();
  useEffect(() => {
    const timer = setTimeout(() => { setSettled(draft); }, 120);
    return () => { clearTimeout(timer); };
  }, [draft]);
  const { data: view, error, isPlaceholderData } = useQuery(flowDraftQuery(settled));
  const { data: catalogue } = useQuery(catalogueQuery([]));
  const isCurrent = settled === draft && !isPlaceholderData;
  const set = (change: Partial<FlowDraft>): void => { setDraft((before) => ({ ...before, ...change })); };
  const setStage = (at: number, change: Partial<StageDraft>): void => {
    set({ stages: draft.stages.map((stage, index) => index === at ? { ...stage, ...change } : stage) });
  };
  const move = (at: number, by: -1 | 1): void => {
    const stages = [...draft.stages];
    const [stage] = stages.splice(at, 1);
    if (stage === undefined) return;
    stages.splice(at + by, 0, stage);
    set({ stages });
    setSaid(`Stage ${at + 1} is stage ${at + by + 1} now.`);
  };
  const save = async (): Promise<void> => {
    setFailure(null);
    try {
      const outcome = await call("save_flow", { draft });
      if (outcome.kind === "changed") { setTheirs(outcome.theirs); return; }
      void client.invalidateQueries({ queryKey: ["policies"] });
      onLeave();
    } catch (caught) {
      setFailure(caught as IpcFailure);
    }
  };
  return (
    <Page
      title={draft.name === "" ? "New approval flow" : draft.name}
      note={<span className="small">flows/{view?.id ?? "…"}.toml{draft.base === null ? ", new" : ""}</span>}
      actions={(
        <>
          <span className="muted small" id="flow-note">{view?.save.note}</span>
          <Button onClick={onLeave}>{draft === opened ? "Close" : "Discard"}</Button>
          <Button variant="filled" onClick={() => void save()} disabled={!isCurrent || view?.save.can !== true || theirs !== undefined} aria-describedby="flow-note" data-testid="save-flow">
            {view?.save.label ?? "Save"}
          </Button>
        </>
      )}
    >
      {failure !== null && <Failure what="The flow was not saved. It is still here." error={failure} />}
      {error !== null && <Failure what="The flow could not be read." error={error} />}
      {theirs !== undefined && (
        <Notice
          tone="hold" alert title="The file was changed while you wrote" testId="changed-underneath"
          actions={(
            <>
              <Button size="xs" onClick={onLeave}>Give up mine</Button>
              <Button size="xs" onClick={() => { set({ base: theirs }); setTheirs(undefined); }}>Keep mine</Button>
            </>
          )}
        >
          <DiffView before={theirs} after={view?.file ?? ""} label="From the file to yours" />
        </Notice>
      )}
      <div className={classes.editor}>
        <div className={classes.fields}>
          <TextInput label="Name" value={draft.name} maxLength={120} onChange={(event) => { set({ name: event.currentTarget.value }); }} data-testid="flow-name" />
          <Textarea label="Description" value={draft.description} autosize minRows={1} maxRows={4} maxLength={1000} placeholder="Optional" onChange={(event) => { set({ description: event.currentTarget.value }); }} />
          <ol className={classes.line} aria-label="Stages, in their order">
            {draft.stages.map((stage, index) => (
              <li key={index} className={classes.card} data-testid="stage">
                <StageFields
                  stage={stage} number={index + 1} of={draft.stages.length}
                  view={isCurrent ? view?.stages[index] : undefined} catalogue={catalogue}
                  onChange={(change) => { setStage(index, change); }} onMove={(by) => { move(index, by); }}
                  onRemove={() => { set({ stages: draft.stages.filter((_, other) => other !== index) }); }}
                />
              </li>
            ))}
          </ol>
          <div><Button onClick={() => { set({ stages: [...draft.stages, NEW] }); }} data-testid="add-stage">Add a stage after</Button></div>
          <span role="status" className={classes.said}>{said}</span>
        </div>
        <Preview view={view} />
      </div>
    </Page>
  );
}

function StageFields({ stage, number, of, view, catalogue, onChange, onMove, onRemove }: {
  stage: StageDraft;
  number: number;
  of: number;
  view: StageView | undefined;
  catalogue: Catalogue | undefined;
  onChange: (change: Partial<StageDraft>) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}) {
  const users = (catalogue?.users ?? []).map(({ id }) => id);
  const roles = (catalogue?.roles ?? []).map(({ id }) => id);
  const nobody = stage.users.length === 0 && stage.roles.length === 0;
  return (
    <fieldset className={classes.stageFields}>
      <legend className={classes.legend}>Stage {number}</legend>
      <div className={classes.stageTools}>
        <Button size="xs" variant="subtle" disabled={number === 1} onClick={() => { onMove(-1); }} aria-label={`Move stage ${number} up`}>Up</Button>
        <Button size="xs" variant="subtle" disabled={number === of} onClick={() => { onMove(1); }} aria-label={`Move stage ${number} down`}>Down</Button>
        <Button size="xs" variant="subtle" disabled={of === 1} onClick={onRemove} aria-label={`Remove stage ${number}`}><Icon name="cross" /></Button>
      </div>
      <div className={classes.pair}>
        <TagsInput label="People" data={users} value={stage.users} onChange={(next) => { onChange({ users: next }); }} placeholder={nobody ? "nobody named: the desk's owner" : ""} />
        <TagsInput label="or roles" data={roles} value={stage.roles} onChange={(next) => { onChange({ roles: next }); }} />
      </div>
      <div className={classes.three}>
        <NumberInput label="Votes needed" min={1} max={20} value={stage.required} allowDecimal={false} onChange={(next) => { if (typeof next === "number") onChange({ required: next }); }} />
        <TextInput label="Within" value={stage.within} placeholder="15m" onChange={(event) => { onChange({ within: event.currentTarget.value }); }} />
        <Select
          label="Each vote with" value={stage.step_up ?? "none"} allowDeselect={false}
          data={[{ value: "none", label: "a click" }, { value: "any", label: "passkey or passphrase" }, { value: "passkey", label: "a passkey" }]}
          onChange={(next) => { onChange({ step_up: next === "any" || next === "passkey" ? next : null }); }}
        />
      </div>
      <div className={classes.checks}>
        <Checkbox size="sm" label="Whoever asks may not vote" checked={stage.exclude_requester} onChange={(event) => { onChange({ exclude_requester: event.currentTarget.checked }); }} />
        <Checkbox size="sm" label="A vote may make a grant" checked={stage.grants} onChange={(event) => { onChange({ grants: event.currentTarget.checked }); }} />
        <Checkbox size="sm" label="When time is up, ask others too" checked={stage.escalates} onChange={(event) => { onChange({ escalates: event.currentTarget.checked }); }} data-testid="escalates" />
      </div>
      {stage.escalates && (
        <div className={classes.pair}>
          <TagsInput label="Then also people" data={users} value={stage.escalate_users} onChange={(next) => { onChange({ escalate_users: next }); }} />
          <TagsInput label="or roles" data={roles} value={stage.escalate_roles} onChange={(next) => { onChange({ escalate_roles: next }); }} />
        </div>
      )}
      {view?.problem != null && <p className={classes.problem} role="status">{sentence(view.problem)}</p>}
    </fieldset>
  );
}

/** The flow as those who are in it meet it. */
function Preview({ view }: { view: FlowDraftView | undefined }) {
  if (view === undefined) return null;
  return (
    <aside className={classes.preview} aria-label="What approvers see">
      <h2>In a sentence</h2>
      <p className={classes.sentence}>{view.sentence === null ? <span className="muted">Not finished yet.</span> : <Prose text={sentence(view.sentence)} />}</p>
      {view.problems.map((problem) => <p key={problem} className={classes.problem}><Prose text={sentence(problem)} /></p>)}
      <h2>What each approver sees</h2>
      <ol className={classes.people}>
        {view.stages.map((stage, index) => (
          <li key={index}>
            <strong>{index === 0 ? "At once" : `After stage ${index}`}</strong>
            <p className="small">
              <Marked text={stage.voters.length === 0 ? "Nobody" : listed(stage.voters)} /> {stage.voters.length === 1 ? "is asked" : "are asked"}: {stage.words}.
              {stage.later.length > 0 && <> When time is up, <Marked text={listed(stage.later)} /> too.</>}
            </p>
          </li>
        ))}
        <li><strong>Then</strong><p className="small">The call goes. One rejection at any stage ends it.</p></li>
      </ol>
      <p className="faint small">{view.used_by.length === 0 ? "No policy asks it yet." : `Asked by ${plural(view.used_by.length, "policy", "policies")}: ${listed(view.used_by.map(({ name }) => name))}.`}</p>
    </aside>
  );
}
