/** The flow as those who are in it meet it: who is asked when, and what each finds on the card. */
import { Marked } from "@/components/marked";
import { Prose } from "@/components/prose";
import type { FlowDraft, FlowDraftView, StageDraft, StageView } from "@/ipc/schema";
import { listed, plural, sentence } from "@/lib/words";
import classes from "./flows.module.css";

export function Preview({ draft, view }: { draft: FlowDraft; view: FlowDraftView | undefined }) {
  if (view === undefined) return null;
  const stuck = view.stages.findIndex(({ problem }) => problem !== null);
  return (
    <aside className={classes.preview} aria-label="What approvers see">
      <h2>In a sentence</h2>
      <p className={classes.sentence}>{view.sentence === null ? <span className="muted">Not finished yet.</span> : <Prose text={sentence(view.sentence)} />}</p>
      {view.problems.map((problem) => <p key={problem} className={classes.problem}><Prose text={sentence(problem)} /></p>)}
      <h2>Can the people there are satisfy it</h2>
      {view.stages.length > 0 && (
        <p className="small" data-testid="satisfiable" data-can={stuck < 0}>
          {stuck < 0
            ? "Yes: every stage has enough people who can vote."
            : <span className={classes.problem}>No: at stage {stuck + 1}, <Prose text={sentence(view.stages[stuck]?.problem ?? "", false)} /> A call would wait there until its time is up.</span>}
        </p>
      )}
      <h2>What each approver sees</h2>
      <ol className={classes.people}>
        {view.stages.map((stage, index) => {
          const written = draft.stages[index];
          return (
            <li key={index}>
              <strong>{index === 0 ? "At once" : `After stage ${index}`}</strong>
              <p className="small">
                <Marked text={stage.voters.length === 0 ? "Nobody" : listed(stage.voters)} /> {stage.voters.length === 1 ? "is asked" : "are asked"}: {stage.words}.
                {stage.later.length > 0 && <> When time is up, <Marked text={listed(stage.later)} /> too.</>}
              </p>
              {written !== undefined && (
                <CardFoot stage={written} view={stage} number={index + 1} of={view.stages.length} name={draft.name} />
              )}
            </li>
          );
        })}
        <li><strong>Then</strong><p className="small">The call goes. One rejection at any stage ends it.</p></li>
      </ol>
      <p className="faint small">{view.used_by.length === 0 ? "No policy asks it yet." : `Asked by ${plural(view.used_by.length, "policy", "policies")}: ${listed(view.used_by.map(({ name }) => name))}.`}</p>
    </aside>
  );
}

/** The foot of the card at this stage; nothing here can be pressed. */
function CardFoot({ stage, view, number, of, name }: { stage: StageDraft; view: StageView; number: number; of: number; name: string }) {
  const needed = `${plural(stage.required, "vote")} needed${of > 1 ? `, stage ${number} of ${of}` : ""}`;
  const approve = stage.step_up === null ? "Approve" : stage.step_up === "passkey" ? "Approve with a passkey" : "Approve with a proof";
  return (
    <div className={classes.sample} role="img" aria-label={`On the card: ${name}, ${needed}, expires in ${stage.within}. Buttons: Reject, ${approve}${stage.grants ? ", Grant" : ""}.`}>
      <span className={classes.sampleName}><Marked text={name === "" ? "This flow" : name} /></span>
      <span className="faint small">{needed}, expires in {stage.within === "" ? "its usual time" : stage.within}</span>
      {stage.exclude_requester && <span className="faint small">{view.voters.length > 1 ? "Whoever’s agent asks sees it, and cannot vote" : "Whoever’s agent asks cannot vote"}</span>}
      <span className={classes.sampleButtons}>
        <span>Reject…</span>{stage.grants && <span>Grant…</span>}<span data-main>{approve}</span>
      </span>
    </div>
  );
}
