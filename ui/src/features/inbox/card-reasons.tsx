/** Why it waits: each deciding policy by name, with the values it compared, or what else holds it; and where the flow stands. */
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { Prose } from "@/components/prose";
import { Tag, type Tone } from "@/components/tag";
import type { Card, CardStage, PolicyAction } from "@/ipc/schema";
import { phrase, sentence } from "@/lib/words";
import classes from "./card-reasons.module.css";

const ACTIONS: Record<PolicyAction, { word: string; tone: Tone }> = {
  deny: { word: "Deny", tone: "deny" },
  request_approval: { word: "Approval", tone: "hold" },
  step_up: { word: "Step up", tone: "step" },
  allow: { word: "Allow", tone: "allow" },
};

/** ", escalated, deadline extended, each with a passkey or passphrase" */
function stageNotes({ escalated, extended, exclude_requester: others, step_up: proven }: CardStage): string {
  const notes = [
    escalated ? "escalated" : "", extended ? "deadline extended" : "",
    others ? "nobody for their own agent" : "", proven ? "each with a step-up" : "",
  ].filter((note) => note !== "");
  return notes.map((note) => `, ${note}`).join("");
}

export function CardReasons({ card: { hold, state, reasons, stages } }: { card: Card }) {
  const title = state === "waiting" ? "Why it waits" : "Why it was held";
  return (
    <section className={classes.why} aria-label={title}>
      <h2>{title}</h2>
      <ul className={classes.reasons}>
        {reasons.map((reason) => (
          <li key={`${reason.kind}/${reason.policy}`} className={classes.reason} data-testid="reason">
            <Tag tone={ACTIONS[reason.action].tone}>{ACTIONS[reason.action].word}</Tag>
            <div className={classes.words}>
              <span>
                <strong>{phrase(reason.name)}</strong>:{" "}
                <span className="muted"><Prose text={sentence(reason.sentence)} /></span>
              </span>
              {reason.description !== "" && (
                <p className={classes.description}>
                  {sentence(reason.description)}
                  {reason.kind === "other_program" && <> <Link to="/agents" className={classes.link}>Open Agents</Link></>}
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
      {stages.length > 0 && (
        <div className={classes.stages} role="list" aria-label="Who must approve">
          {stages.map((stage, index) => (
            <Fragment key={index}>
              {index > 0 && <span aria-hidden="true">{stages[index - 1]?.flow === stage.flow ? "then" : "and"}</span>}
              <span className={classes.stage} role="listitem" data-current={(stage.current && state === "waiting") || undefined}>
                {phrase(stage.name)}, {stage.votes} of {stage.required}: {stage.approvers}{stageNotes(stage)}
              </span>
            </Fragment>
          ))}
        </div>
      )}
      <Link to="/builder" search={{ hold }} className={classes.link} data-testid="policy-from-hold">Make a policy from this call</Link>
    </section>
  );
}
