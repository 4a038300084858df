/** Why it waits: each deciding policy by name, with the values it compared, or what else holds it; and where the flow stands. */
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { DiffText } from "@/components/diff-text";
import { Icon } from "@/components/icon";
import { Marked } from "@/components/marked";
import { Prose } from "@/components/prose";
import { Tag, type Tone } from "@/components/tag";
import type { Card, CardStage, CardVote, PolicyAction } from "@/ipc/schema";
import { useNow } from "@/lib/clock";
import { ago, moment } from "@/lib/time";
import { listed, phrase, sentence } from "@/lib/words";
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

/** A changed tool's reason is a headline, and the difference below it. */
const headline = ({ kind, sentence: said }: Card["reasons"][number]) => (kind === "changed_tool" ? said.slice(0, said.indexOf("\n")) : said);
const difference = ({ sentence: said }: Card["reasons"][number]) => said.slice(said.indexOf("\n") + 1);

export function CardReasons({ card: { hold, state, reasons, stages, votes }, links = true }: {
  card: Card;
  /** Whether other screens can be gone to from here. */
  links?: boolean;
}) {
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
                <span className="muted"><Prose text={sentence(headline(reason))} /></span>
              </span>
              {reason.kind === "changed_tool" && <DiffText text={difference(reason)} label="How the tool changed" />}
              {reason.description !== "" && (
                <p className={classes.description}>
                  {sentence(reason.description)}
                  {links && reason.kind === "other_program" && <> <Link to="/agents" className={classes.link}>Open Agents</Link></>}
                  {links && reason.kind === "changed_tool" && <> <Link to="/upstreams" className={classes.link}>Open Upstreams</Link></>}
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
                {phrase(stage.name)}, {stage.votes} of {stage.required}: <Marked text={stage.approvers} />
                {stage.voters.length > 0 && <>, approved by <Marked text={listed(stage.voters)} /></>}{stageNotes(stage)}
              </span>
            </Fragment>
          ))}
        </div>
      )}
      {votes.length > 0 && <Votes votes={votes} />}
      {links && (
        <p className={classes.onward}>
          <Link to="/builder" search={{ hold }} className={classes.link} data-testid="policy-from-hold">Make a policy from this call</Link>
        </p>
      )}
    </section>
  );
}

/** "Ana approved it in the window, 2 min ago." */
function Votes({ votes }: { votes: readonly CardVote[] }) {
  const now = useNow();
  return (
    <ul className={classes.votes} aria-label="Votes so far">
      {votes.map(({ by, approves, means, at }, index) => (
        <li key={index} data-testid="vote">
          <Icon name={approves ? "check" : "bar"} />
          <span><Marked text={by} /> {approves ? "approved" : "rejected"} it {means}, <time title={moment(at)}>{ago(now - at)}</time></span>
        </li>
      ))}
    </ul>
  );
}
