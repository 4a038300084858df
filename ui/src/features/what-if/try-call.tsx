/** A call that nobody made: what would become of it, and why, with the values compared. */
import { Button, Modal, Select, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { Prose } from "@/components/prose";
import { Tag, type Tone } from "@/components/tag";
import { call } from "@/ipc/host";
import type { Catalogue, Draft, TriedPolicy, WhatIfView } from "@/ipc/schema";
import { sentence } from "@/lib/words";
import classes from "./builder.module.css";

const OUTCOMES: Record<WhatIfView["outcome"], { word: string; tone: Tone }> = {
  deny: { word: "Denied", tone: "deny" }, request_approval: { word: "Held for approval", tone: "hold" },
  step_up: { word: "Held for a step-up", tone: "step" }, allow: { word: "Allowed", tone: "allow" },
};
const TRUTHS = { true: "holds", false: "does not hold", undetermined: "unclear" } as const;

export function TryCall({ draft, catalogue, onClose }: { draft: Draft | null; catalogue: Catalogue; onClose: () => void }) {
  const tools = catalogue.tools;
  const [tool, setTool] = useState<string | null>(tools.find(({ chosen }) => chosen)?.id ?? tools[0]?.id ?? null);
  const [agent, setAgent] = useState<string | null>(catalogue.agents[0]?.id ?? null);
  const [user, setUser] = useState<string | null>(null);
  const [at, setAt] = useState("");
  const [text, setText] = useState(() => skeleton(catalogue));
  const attempt = useMutation({
    mutationFn: () => call("what_if", {
      draft, tool: tool ?? "", agent: agent ?? "", user, arguments: text, at: at === "" ? null : new Date(at).getTime(),
    }),
  });
  return (
    <Modal opened onClose={onClose} title="Try a call" size={720}>
      <div className={classes.try}>
        <p className="muted">{draft === null ? "Judged by the set in force: the draft is not finished." : "Judged as if the draft were saved. Nothing is sent, and nothing is recorded."}</p>
        <div className={classes.tryWho}>
          <Select label="Tool" data={tools.map(({ id }) => id)} value={tool} onChange={setTool} searchable allowDeselect={false} limit={60} />
          <Select label="Agent" data={catalogue.agents.map(({ id }) => id)} value={agent} onChange={setAgent} allowDeselect={false} />
          <Select label="For" data={catalogue.users.map(({ id, name }) => ({ value: id, label: name }))} value={user} onChange={setUser} placeholder="the agent's own user" clearable />
          <label className={classes.when}>
            <span>At</span>
            <input type="datetime-local" value={at} onChange={(event) => { setAt(event.currentTarget.value); }} />
          </label>
        </div>
        <Textarea label="Arguments, as JSON" value={text} onChange={(event) => { setText(event.currentTarget.value); }} autosize minRows={4} maxRows={10} classNames={{ input: classes.mono }} data-testid="try-arguments" />
        {attempt.error !== null && <Failure what="The call could not be tried." error={attempt.error} />}
        {attempt.data !== undefined && <Outcome what={attempt.data} />}
        <div className={classes.tryButtons}>
          <Button onClick={onClose}>Close</Button>
          <Button variant="filled" onClick={() => { attempt.mutate(); }} disabled={attempt.isPending || tool === null || agent === null} data-testid="try-now">Try it</Button>
        </div>
      </div>
    </Modal>
  );
}

/** The chosen tools' parameters, with a value seen lately where there is one. */
function skeleton({ attributes }: Catalogue): string {
  const parameters = attributes.filter(({ id, part }) => part === null && /^args\.\w+$/.test(id));
  const rows = parameters.map(({ id, values, editor }) => {
    const value = values[0] ?? "";
    const written = editor === "number" ? (value === "" ? "0" : value) : editor === "flag" ? (value === "" ? "false" : value) : JSON.stringify(value);
    return `  ${JSON.stringify(id.slice("args.".length))}: ${written}`;
  });
  return rows.length === 0 ? "{}" : `{\n${rows.join(",\n")}\n}`;
}

function Outcome({ what }: { what: WhatIfView }) {
  const { word, tone } = OUTCOMES[what.outcome];
  return (
    <section className={classes.outcome} aria-live="polite" data-testid="try-outcome">
      <p><Tag tone={tone}>{word}</Tag> <Prose text={sentence(what.sentence)} /></p>
      <ul className={classes.trace}>{what.policies.map((policy) => <Tried key={policy.id} policy={policy} />)}</ul>
    </section>
  );
}

function Tried({ policy }: { policy: TriedPolicy }) {
  return (
    <li data-applied={policy.applied}>
      <strong><Marked text={policy.name} /></strong> <span className="muted small">{policy.applied === "no" ? "does not apply" : policy.deciding ? "decides" : "applies"}</span>
      <ul>
        {policy.predicates.map((predicate, index) => (
          <li key={index} data-truth={predicate.truth}>
            <code><Marked text={predicate.text} /></code> <span className="small">{TRUTHS[predicate.truth]}</span>{" "}
            <span className="muted small">
              {predicate.compared === null ? "nothing was given" : <>it was <code><Marked text={predicate.compared} /></code></>}
              {predicate.note !== null && <>; <Marked text={predicate.note} /></>}
            </span>
          </li>
        ))}
      </ul>
    </li>
  );
}
