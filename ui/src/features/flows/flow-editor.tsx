/** One flow: its stages as a line that is read from top to bottom, and beside it what each approver would meet. */
import { Button, Checkbox, NumberInput, Select, TagsInput, Textarea, TextInput, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState, type PointerEvent } from "react";
import { ChangedUnderneath } from "@/components/changed-underneath";
import { Failure } from "@/components/failure";
import { Icon } from "@/components/icon";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { call, type IpcFailure } from "@/ipc/host";
import { catalogueQuery, flowDraftQuery } from "@/ipc/queries";
import type { Catalogue, FlowDraft, StageDraft, StageView } from "@/ipc/schema";
import { savingWords, useSaving } from "@/ipc/use-saving";
import { useDrag } from "@/lib/use-drag";
import { useSettledValue } from "@/lib/use-settled-value";
import { sentence } from "@/lib/words";
import classes from "./flows.module.css";
import { Preview } from "./preview";

const READ_AFTER = 120;
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
  const settled = useSettledValue(draft, READ_AFTER);
  const { saving, failure, theirs, setTheirs, save } = useSaving(["policies"]);
  const [said, setSaid] = useState("");
  const { data: view, error, isPlaceholderData } = useQuery(flowDraftQuery(settled));
  const { data: catalogue } = useQuery(catalogueQuery([]));
  const isCurrent = settled === draft && !isPlaceholderData;
  const set = (change: Partial<FlowDraft>): void => { setDraft((before) => ({ ...before, ...change })); };
  const setStage = (at: number, change: Partial<StageDraft>): void => {
    set({ stages: draft.stages.map((stage, index) => index === at ? { ...stage, ...change } : stage) });
  };
  const line = useRef<HTMLOListElement>(null);
  const moveTo = (from: number, to: number): void => {
    const stages = [...draft.stages];
    const [stage] = stages.splice(from, 1);
    if (stage === undefined || to < 0 || to > stages.length) return;
    stages.splice(to, 0, stage);
    set({ stages });
    setSaid(`Stage ${from + 1} is stage ${to + 1} now.`);
    requestAnimationFrame(() => { line.current?.querySelectorAll<HTMLElement>("[data-grip]")[to]?.focus(); });
  };
  const drag = useDrag<number, number>(
    (_, y, from) => placeAt(line.current, y, from),
    (from, to) => { moveTo(from, to > from ? to - 1 : to); },
  );
  const [unread, setUnread] = useState<IpcFailure | null>(null);
  const takeTheirs = async (): Promise<void> => {
    if (theirs?.text === null) { onLeave(); return; }
    setUnread(null);
    try {
      setDraft(await call("open_flow", { id: draft.id }));
      setTheirs(null);
    } catch (caught) {
      setUnread(caught as IpcFailure);
    }
  };
  const isChanged = draft.base === null || JSON.stringify(draft) !== JSON.stringify(opened);
  return (
    <Page
      title={draft.name === "" ? "New approval flow" : draft.name}
      note={<span className="small">flows/{view?.id ?? "…"}.toml{draft.base === null ? ", new" : ""}</span>}
      actions={(
        <>
          <span className="muted small" id="flow-note">{view?.save.note}</span>
          <Button onClick={onLeave} disabled={saving}>{isChanged ? "Discard" : "Close"}</Button>
          <Button variant="filled" onClick={() => void save(() => call("save_flow", { draft }), onLeave)} disabled={!isChanged || !isCurrent || saving || view?.save.can !== true || theirs !== null} aria-describedby="flow-note" data-testid="save-flow">
            {savingWords(saving, view?.save)}
          </Button>
        </>
      )}
    >
      {failure !== null && <Failure what="The flow was not saved. Your draft is kept." error={failure} />}
      {error !== null && <Failure what="The flow could not be read." error={error} />}
      {unread !== null && <Failure what="What is on disk could not be read. Your draft is kept." error={unread} />}
      {theirs !== null && (
        <ChangedUnderneath
          theirs={theirs.text} mine={view?.file ?? theirs.mine}
          onMine={() => { set({ base: theirs.text }); setTheirs(null); }} onTheirs={() => void takeTheirs()}
        />
      )}
      <div className={classes.editor} inert={saving}>
        <div className={classes.fields}>
          <TextInput label="Name" value={draft.name} maxLength={120} onChange={(event) => { set({ name: event.currentTarget.value }); }} data-testid="flow-name" />
          <Textarea label="Description" value={draft.description} autosize minRows={1} maxRows={4} maxLength={1000} placeholder="Optional" onChange={(event) => { set({ description: event.currentTarget.value }); }} />
          <ol ref={line} className={classes.line} aria-label="Stages, in their order" data-after={drag.target === draft.stages.length || undefined}>
            {draft.stages.map((stage, index) => (
              <li key={index} className={classes.card} data-testid="stage" data-dragged={drag.dragged === index || undefined} data-before={drag.target === index || undefined}>
                <StageFields
                  stage={stage} number={index + 1} of={draft.stages.length}
                  view={isCurrent ? view?.stages[index] : undefined} catalogue={catalogue}
                  onChange={(change) => { setStage(index, change); }}
                  onMove={(by) => { moveTo(index, index + by); }} onGrip={drag.grip(index)}
                  onRemove={() => { set({ stages: draft.stages.filter((_, other) => other !== index) }); }}
                />
              </li>
            ))}
          </ol>
          <div><Button onClick={() => { set({ stages: [...draft.stages, NEW] }); }} data-testid="add-stage">Add a stage after</Button></div>
          <span role="status" className={classes.said}>{said}</span>
        </div>
        <Preview draft={settled} view={view} />
      </div>
    </Page>
  );
}

/** The place before which a pointer stands; none where nothing would move. */
function placeAt(line: HTMLElement | null, y: number, from: number): number | null {
  if (line === null) return null;
  const stages = [...line.querySelectorAll<HTMLElement>("[data-testid=stage]")];
  const before = stages.findIndex((stage) => {
    const { top, height } = stage.getBoundingClientRect();
    return y < top + height / 2;
  });
  const place = before < 0 ? stages.length : before;
  return place === from || place === from + 1 ? null : place;
}

function StageFields({ stage, number, of, view, catalogue, onChange, onMove, onGrip, onRemove }: {
  stage: StageDraft;
  number: number;
  of: number;
  view: StageView | undefined;
  catalogue: Catalogue | undefined;
  onChange: (change: Partial<StageDraft>) => void;
  onMove: (by: -1 | 1) => void;
  onGrip: (event: PointerEvent<HTMLElement>) => void;
  onRemove: () => void;
}) {
  const users = (catalogue?.users ?? []).map(({ id }) => id);
  const roles = (catalogue?.roles ?? []).map(({ id }) => id);
  const nobody = stage.users.length === 0 && stage.roles.length === 0;
  return (
    <fieldset className={classes.stageFields}>
      <legend className={classes.legend}>Stage {number}</legend>
      <div className={classes.stageTools}>
        {of > 1 && (
          <UnstyledButton
            className={classes.grip} data-grip data-testid="stage-grip" title="Drag, or use the arrow keys" aria-label={`Move stage ${number}: arrow keys up and down`} onPointerDown={onGrip}
            onKeyDown={(event) => {
              const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
              if (by !== -1 && by !== 1) return;
              event.preventDefault();
              if (number + by >= 1 && number + by <= of) onMove(by);
            }}
          >
            <span aria-hidden="true">⠿</span>
          </UnstyledButton>
        )}
        <Button size="xs" variant="subtle" disabled={of === 1} onClick={onRemove} aria-label={`Remove stage ${number}`}><Icon name="cross" /></Button>
      </div>
      <div className={classes.pair}>
        <TagsInput label="People" data={users} value={stage.users} onChange={(next) => { onChange({ users: next }); }} placeholder={nobody ? "nobody named: the desk's owner" : ""} />
        <TagsInput label="or roles" data={roles} value={stage.roles} onChange={(next) => { onChange({ roles: next }); }} data-testid="stage-roles" />
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
      {view?.problem != null && <p className={classes.problem} role="status"><Prose text={sentence(view.problem)} /></p>}
    </fieldset>
  );
}
