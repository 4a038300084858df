/** What would become of the call, and why: each policy with its condition as a tree, and every value that was compared. */
import { Marked } from "@/components/marked";
import { Prose } from "@/components/prose";
import { Tag, type Tone } from "@/components/tag";
import type { TriedPolicy, TriedPredicate, TruthNode, WhatIfView } from "@/ipc/schema";
import { sentence } from "@/lib/words";
import classes from "./what-if.module.css";

const OUTCOMES: Record<WhatIfView["outcome"], { word: string; tone: Tone }> = {
  deny: { word: "Denied", tone: "deny" }, request_approval: { word: "Held for approval", tone: "hold" },
  step_up: { word: "Held for a step-up", tone: "step" }, allow: { word: "Allowed", tone: "allow" },
};
const TRUTHS = { true: "holds", false: "does not hold", undetermined: "unclear" } as const;
const SIGNS = { true: "✓", false: "✗", undetermined: "?" } as const;

export function Outcome({ what }: { what: WhatIfView }) {
  const { word, tone } = OUTCOMES[what.outcome];
  return (
    <section className={classes.outcome} aria-live="polite" data-testid="try-outcome">
      <p><Tag tone={tone}>{word}</Tag> <Prose text={sentence(what.sentence)} /></p>
      {what.by_default && <p className="muted small">No policy decides it, so the default does.</p>}
      <ul className={classes.policies}>{what.policies.map((policy) => <Tried key={policy.id} policy={policy} />)}</ul>
    </section>
  );
}

function Tried({ policy }: { policy: TriedPolicy }) {
  const applies = policy.applied === "no" ? "does not apply" : policy.deciding ? "decides" : policy.mode === "observe" ? "would apply, and is only observed" : "applies";
  return (
    <li className={classes.policy} data-applied={policy.applied} data-deciding={policy.deciding || undefined}>
      <p className={classes.head}><strong><Marked text={policy.name} /></strong> <span className="muted small">{applies}</span></p>
      {policy.predicates.length === 0 && policy.sentence !== "" && <p className="muted small"><Prose text={sentence(policy.sentence)} /></p>}
      {policy.predicates.length > 0 && (
        <ul className={classes.tree} data-testid="truth-tree">
          {policy.tree === null
            ? policy.predicates.map((predicate, index) => <Leaf key={index} predicate={predicate} />)
            : <Place node={policy.tree} predicates={policy.predicates} />}
        </ul>
      )}
    </li>
  );
}

function Place({ node, predicates }: { node: TruthNode; predicates: readonly TriedPredicate[] }) {
  if (node.kind === "leaf") {
    const predicate = predicates[node.predicate];
    return predicate === undefined ? null : <Leaf predicate={predicate} />;
  }
  const words = node.joined === "all" ? (node.negated ? "not all of" : "all of") : (node.negated ? "none of" : "any of");
  return (
    <li className={classes.place} data-truth={node.truth}>
      <span className={classes.group}><Sign truth={node.truth} />{node.label ?? words}<span className="faint small">{TRUTHS[node.truth]}</span></span>
      <ul>{node.parts.map((part, index) => <Place key={index} node={part} predicates={predicates} />)}</ul>
    </li>
  );
}

function Leaf({ predicate }: { predicate: TriedPredicate }) {
  return (
    <li className={classes.place} data-truth={predicate.truth}>
      <span className={classes.leaf}>
        <Sign truth={predicate.truth} />
        <code><Marked text={predicate.text} /></code>
        <span className="muted small">
          {predicate.compared === null ? "nothing was given" : <>it was <code><Marked text={predicate.compared} /></code></>}
          {", "}{TRUTHS[predicate.truth]}
          {predicate.note !== null && <>; <Marked text={predicate.note} /></>}
        </span>
      </span>
    </li>
  );
}

function Sign({ truth }: { truth: TriedPredicate["truth"] }) {
  return <span className={classes.sign} aria-hidden="true">{SIGNS[truth]}</span>;
}
