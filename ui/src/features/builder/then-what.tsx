/** The third question: then. What the action asks, whom, and what the agent is told. */
import { Select, Textarea, UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Catalogue, Draft, DraftAction } from "@/ipc/schema";
import classes from "./builder.module.css";
import { Freshness } from "./freshness";
import type { Editing } from "./use-draft";

const ACTIONS: readonly { kind: DraftAction["kind"]; word: string; means: string }[] = [
  { kind: "deny", word: "Deny", means: "The agent reads why, and stops" },
  { kind: "request_approval", word: "Ask for approval", means: "It waits until people approve" },
  { kind: "step_up", word: "Step up", means: "It waits for a proof of presence" },
  { kind: "allow", word: "Allow", means: "Lifts only the default" },
];

const LONGEST = 500;

type Props = { draft: Draft; edit: Editing["edit"]; catalogue: Catalogue | undefined };

/** Drawn anew only where what it shows has changed. */
export const ThenWhat = memo(Actions, (before, now) =>
  before.edit === now.edit && before.catalogue === now.catalogue && before.draft.action === now.draft.action);

function Actions({ draft, edit, catalogue }: Props) {
  const { action } = draft;
  const flow = catalogue?.flows.find(({ id }) => id === action.flow);
  const set = (field: string, change: Partial<DraftAction>): void => { edit(`action ${field}`, { action: { ...action, ...change } }); };
  return (
    <section className={classes.panel} aria-labelledby="then-what">
      <header className={classes.panelHead}>
        <h2 id="then-what" className={classes.question}>Then</h2>
        <span className="faint small">deny beats approval and step-up; those are asked together</span>
      </header>
      <div className={classes.actions} role="radiogroup" aria-labelledby="then-what">
        {ACTIONS.map(({ kind, word, means }, index) => (
          <UnstyledButton
            key={kind} role="radio" aria-checked={action.kind === kind} className={classes.action} data-kind={kind} data-testid={`action-${kind}`}
            tabIndex={action.kind === kind ? 0 : -1}
            onClick={() => { set("kind", chosen(kind, action)); }}
            onKeyDown={(event) => {
              const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
              const next = by === undefined ? undefined : ACTIONS.at((index + by) % ACTIONS.length);
              if (next === undefined) return;
              event.preventDefault();
              set("kind", chosen(next.kind, action));
              event.currentTarget.parentElement?.querySelector<HTMLElement>(`[data-kind="${next.kind}"]`)?.focus();
            }}
          >
            <strong>{word}</strong>
            <span className="small">{means}</span>
          </UnstyledButton>
        ))}
      </div>
      {action.kind === "request_approval" && (
        <div className={classes.detail}>
          <Select
            label="Approval flow" value={action.flow} allowDeselect={false} searchable data-testid="draft-flow"
            data={(catalogue?.flows ?? []).map(({ id, name }) => ({ value: id, label: name }))} onChange={(next) => { set("flow", { flow: next }); }}
            error={catalogue !== undefined && flow === undefined ? `There is no flow ${action.flow ?? ""}` : undefined}
          />
          <p className="muted small">{flow !== undefined && <>{flow.words} <Link to="/flows" search={{ flow: flow.id }} className={classes.link}>Look at it</Link></>}</p>
        </div>
      )}
      {action.kind === "step_up" && (
        <div className={classes.detail}>
          <Select
            label="Proof" value={action.method ?? "passkey"} allowDeselect={false}
            data={[{ value: "passkey", label: "A passkey" }, { value: "any", label: "A passkey or the passphrase" }]}
            onChange={(next) => { set("method", { method: next }); }} data-testid="draft-method"
          />
          <Freshness value={action.max_age} onChange={(next) => { set("max_age", { max_age: next }); }} />
        </div>
      )}
      {action.kind !== "allow" && (
        <Textarea
          label="Message to the agent" placeholder="What it should do instead; optional" value={action.message ?? ""} autosize minRows={1} maxRows={4}
          maxLength={LONGEST} onChange={(event) => { set("message", { message: event.currentTarget.value === "" ? null : event.currentTarget.value }); }}
          data-testid="draft-message"
        />
      )}
    </section>
  );
}

/** Each kind begins with what it cannot be without. */
function chosen(kind: DraftAction["kind"], action: DraftAction): Partial<DraftAction> {
  if (kind === "request_approval") return { kind, flow: action.flow ?? "owner" };
  return kind === "step_up" ? { kind, method: action.method ?? "passkey" } : { kind };
}
