/** One draft in the hand. What is shown of it is Rust's; here is where it is typed, kept, taken back and saved. */
import { Button, SegmentedControl, Textarea, TextInput, UnstyledButton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { ChangedUnderneath } from "@/components/changed-underneath";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Prose } from "@/components/prose";
import { call, type IpcFailure } from "@/ipc/host";
import { catalogueQuery, draftQuery } from "@/ipc/queries";
import type { AttributeChoice, Draft, MendChoice, TreeNode } from "@/ipc/schema";
import { savingWords, useSaving } from "@/ipc/use-saving";
import { ago } from "@/lib/time";
import { useSettledValue } from "@/lib/use-settled-value";
import { listed, plural, sentence } from "@/lib/words";
import classes from "./builder.module.css";
import type { TryDraft } from "./builder-page";
import { CelEditor } from "./cel-editor";
import { ConditionTree } from "./condition-tree";
import { Effect } from "./effect";
import { Findings } from "./findings";
import { ThenWhat } from "./then-what";
import { asGroup, emptyGroup, leafNumbers, type Group } from "./tree";
import { forgetDraft, keptDraft, useDraft, useKeeping, type Kept } from "./use-draft";
import { WhichCalls } from "./which-calls";

const MODES = [
  { value: "enforce", label: "Enforce" },
  { value: "observe", label: "Observe" },
  { value: "off", label: "Off" },
] as const;

const READ_AFTER = 120;
const NONE: readonly AttributeChoice[] = [];

export function Builder({ keeping, opened, TryDraft, onLeave }: {
  keeping: string;
  opened: Draft;
  TryDraft: TryDraft;
  onLeave: () => void;
}) {
  const [openedAt] = useState(Date.now);
  // What the draft is compared with: as it was opened, or as it was saved last.
  const [begin, setBegin] = useState(opened);
  const [kept, setKept] = useState<Kept | null>(() => keptDraft(keeping));
  const begun = kept === null ? opened : { ...kept.draft };
  const { draft, edit, reset, undo, redo, canUndo, canRedo } = useDraft(begun);
  const { saving, failure, theirs, setTheirs, save: send } = useSaving(
    ["policies"], kept !== null && kept.draft.base !== opened.base ? { text: opened.base, mine: null } : null,
  );
  const [saved, setSaved] = useState<string | null>(null);
  const [unmended, setUnmended] = useState<IpcFailure | null>(null);
  const [unread, setUnread] = useState<IpcFailure | null>(null);
  const [trying, setTrying] = useState(false);
  // On a narrow window the sentence and the effect stay in sight; the rest of the side opens over the rows.
  const [isOpen, setOpen] = useState(false);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(begin);
  useKeeping(keeping, draft, isChanged);

  const settled = useSettledValue(draft, READ_AFTER);
  const { data: view, error, isPlaceholderData } = useQuery(draftQuery(settled));
  const { data: catalogue } = useQuery(catalogueQuery(useSettledValue(draft.tools, 250)));
  // What was read before the upstreams had listed their tools is read again with them.
  const client = useQueryClient();
  const known = catalogue?.tools.length;
  useEffect(() => { if (known !== undefined) void client.invalidateQueries({ queryKey: ["policies", "draft"] }); }, [client, known]);
  const isCurrent = !isPlaceholderData && settled === draft;
  const tree = useMemo(() => treeOf(draft.tree, view?.tree), [draft.tree, view?.tree]);
  const editTree = useCallback((next: Group, field: string) => { edit(field, { tree: next }); }, [edit]);
  const editText = useCallback((when: string) => { edit("when", { when, tree: null }); }, [edit]);
  const text = draft.tree === null ? draft.when : view?.text ?? draft.when;

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (saving) return;
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return;
      // The text has its own steps back, and what lies over the builder has nothing to do with the draft.
      if (event.target instanceof HTMLElement && event.target.closest(".cm-editor, [role=dialog], [data-own-undo]") !== null) return;
      event.preventDefault();
      if (event.shiftKey) redo(); else undo();
    };
    window.addEventListener("keydown", onKey);
    return () => { window.removeEventListener("keydown", onKey); };
  }, [undo, redo, saving]);

  const leave = (): void => { forgetDraft(keeping); onLeave(); };
  const startAgain = (): void => {
    forgetDraft(keeping);
    setKept(null);
    setTheirs(null);
    reset(begin);
  };
  const save = (): Promise<void> => send(() => call("save_policy", { draft }), async ({ id, message }) => {
    forgetDraft(keeping);
    setKept(null);
    setSaved(message);
    setUnread(null);
    try {
      const fresh = await call("open_draft", { from: { kind: "policy", id } });
      reset(fresh);
      setBegin(fresh);
    } catch (caught) {
      // It is in force; what stands here is what was sent.
      setBegin(draft);
      setUnread(caught as IpcFailure);
    }
  });
  const mend = async (choice: MendChoice): Promise<void> => {
    setUnmended(null);
    try {
      const next = await call("mend_draft", { draft, mend: choice.mend });
      edit(`mend ${choice.label}`, next);
    } catch (caught) {
      setUnmended(caught as IpcFailure);
    }
  };
  const takeTheirs = async (): Promise<void> => {
    if (theirs === null) return;
    if (theirs.text === null) { leave(); return; }
    setUnread(null);
    try {
      const fresh = await call("open_draft", { from: { kind: "text", id: draft.id, text: theirs.text, base: theirs.text } });
      reset(fresh);
      setBegin(fresh);
      forgetDraft(keeping);
      setTheirs(null);
    } catch (caught) {
      setUnread(caught as IpcFailure);
    }
  };

  const status = draft.base === null ? "new, not saved" : isChanged && view?.save.effect !== "nothing" ? "changed, not saved" : "saved";
  const can = isCurrent && view?.save.can === true && !saving && theirs === null;
  return (
    <section className={classes.page} aria-label={draft.name === "" ? "New policy" : draft.name}>
      <header className={classes.header}>
        <div className={classes.title}>
          <h1 className={classes.heading}>{draft.name === "" ? "New policy" : draft.name}</h1>
          <span className="faint small" data-testid="draft-status">policies/{view?.id ?? (draft.id === "" ? "…" : draft.id)}.toml, {status}</span>
        </div>
        <div className={classes.buttons}>
          <SegmentedControl
            size="xs" aria-label="Mode" value={draft.mode} data={[...MODES]} disabled={saving} data-testid="draft-mode"
            onChange={(next) => { const mode = MODES.find(({ value }) => value === next)?.value; if (mode !== undefined) edit("mode", { mode }); }}
          />
          <Button variant="subtle" onClick={undo} disabled={!canUndo || saving} data-testid="undo">Undo</Button>
          <Button variant="subtle" onClick={redo} disabled={!canRedo || saving} data-testid="redo">Redo</Button>
          <Button onClick={leave} disabled={saving} data-testid="leave">{isChanged ? "Discard" : "Close"}</Button>
          <Button
            variant="filled" disabled={!can} onClick={() => void save()} aria-describedby="save-note" data-testid="save-policy"
          >
            {savingWords(saving, view?.save)}
          </Button>
        </div>
      </header>
      <div className={classes.body} inert={saving}>
        <div className={classes.main}>
          {saved !== null && !isChanged && (
            <Notice tone="allow" title="Saved" testId="saved">{saved}</Notice>
          )}
          {kept !== null && theirs === null && isChanged && (
            <Notice tone="neutral" title={`Your draft of ${ago(openedAt - kept.at)} was kept`} testId="kept" actions={<Button size="xs" onClick={startAgain}>Start again</Button>} />
          )}
          {theirs !== null && (
            <ChangedUnderneath
              theirs={theirs.text} mine={view?.file ?? theirs.mine}
              onMine={() => { edit("base", { base: theirs.text }); setTheirs(null); }} onTheirs={() => void takeTheirs()}
            />
          )}
          {failure !== null && <Failure what="The policy was not saved. Your draft is kept." error={failure} />}
          {unmended !== null && <Failure what="That could not be mended. Nothing was changed." error={unmended} />}
          {unread !== null && <Failure what={theirs === null ? "The file could not be read again." : "What is on disk could not be read. Your draft is kept."} error={unread} />}
          {error !== null && <Failure what="The draft could not be read. It is kept." error={error} />}
          <section className={classes.names} aria-label="Name and description">
            <TextInput label="Name" value={draft.name} autoFocus={draft.name === "" && draft.base === null} maxLength={120} placeholder="Large expenses need finance" onChange={(event) => { edit("name", { name: event.currentTarget.value }); }} data-testid="draft-name" />
            <Textarea label="Description" value={draft.description} maxLength={1000} autosize minRows={1} maxRows={4} placeholder="Why; optional" onChange={(event) => { edit("description", { description: event.currentTarget.value }); }} data-testid="draft-description" />
          </section>
          <WhichCalls draft={draft} edit={edit} catalogue={catalogue} />
          <section className={classes.panel} aria-labelledby="when">
            <header className={classes.panelHead}>
              <h2 id="when" className={classes.question}>When</h2>
              <span className="faint small">
                {tree === null ? "the text is not finished" : leafNumbers(tree).size === 0 ? "always; add a condition to narrow it" : ""}
              </span>
            </header>
            {tree === null
              ? <p className="muted">The rows come back once the text on the right can be read.</p>
              : (
                <ConditionTree
                  tree={tree} view={view} catalogue={catalogue} onChange={editTree}
                />
              )}
          </section>
          <ThenWhat draft={draft} edit={edit} catalogue={catalogue} />
        </div>
        <aside className={classes.aside} aria-label="What the draft says" data-open={isOpen || undefined}>
          <UnstyledButton className={classes.unfold} aria-expanded={isOpen} onClick={() => { setOpen(!isOpen); }} data-testid="unfold">
            {isOpen ? "Back to the rows" : `Text and calls${view === undefined || view.findings.length === 0 ? "" : `, ${plural(view.findings.length, "finding")}`}`}
          </UnstyledButton>
          <section className={classes.side} aria-labelledby="in-a-sentence">
            <h2 id="in-a-sentence" className={classes.sentenceHead}>In a sentence</h2>
            <p className={classes.sentence} data-testid="sentence" data-old={!isCurrent || undefined}>
              {view?.sentence == null ? <span className="muted">Not finished yet.</span> : <Prose text={sentence(view.sentence)} />}
            </p>
          </section>
          <section className={`${classes.side} ${classes.folded}`} aria-labelledby="as-text">
            <h2 id="as-text">As text, edit either side</h2>
            <CelEditor
              text={text} view={isCurrent ? view : undefined} attributes={catalogue?.attributes ?? NONE} onChange={editText}
            />
            {view?.text_problem != null && (
              <p className={classes.warn} role="status" data-testid="text-problem">
                <Prose text={sentence(view.text_problem.message)} />{" "}
                {view.text_problem.hint !== null && <Prose text={sentence(view.text_problem.hint)} />}
              </p>
            )}
          </section>
          {view !== undefined && <Findings findings={view.findings} onMend={(choice) => void mend(choice)} />}
          <Effect draft={isCurrent && view?.file != null && view.sentence !== null ? settled : null} />
          <div className={classes.foot}>
            <p id="save-note" className="muted small" data-testid="save-note">{view?.save.note}</p>
            {view !== undefined && view.save.proof.length > 0 && (
              <p className="faint small" data-testid="save-proof">Needs your passkey, because <Prose text={sentence(listed(view.save.proof), false)} /></p>
            )}
            <div className={`${classes.footButtons} ${classes.folded}`}>
              <Button onClick={() => { setTrying(true); }} data-testid="try-call">Try a call…</Button>
              {draft.base === null && draft.mode === "enforce" && (
                <Button variant="subtle" onClick={() => { edit("mode", { mode: "observe" }); }} data-testid="observe-first">Observe for a day first</Button>
              )}
            </div>
          </div>
        </aside>
      </div>
      {trying && <TryDraft draft={view?.file == null ? null : draft} tools={draft.tools} onClose={() => { setTrying(false); }} />}
    </section>
  );
}

/** The tree to show: the one in the hand, else the one Rust read last; none while the text is not readable. */
function treeOf(own: TreeNode | null, read: TreeNode | null | undefined): Group | null {
  if (own !== null) return asGroup(own);
  if (read === undefined) return emptyGroup();
  return read === null ? null : asGroup(read);
}
