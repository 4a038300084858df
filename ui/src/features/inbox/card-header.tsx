/** Who wants to run what; for whom, by which program, from where. */
import { Icon } from "@/components/icon";
import { LongText } from "@/components/long-text";
import { Marked } from "@/components/marked";
import { Tag } from "@/components/tag";
import type { Card } from "@/ipc/schema";
import { useNow } from "@/lib/clock";
import { piecesOf } from "@/lib/pieces";
import { ago } from "@/lib/time";
import classes from "./card-header.module.css";
import { asksProof } from "./proving";

const DESCRIPTION_FOLDS_AT = 240;

export function CardHeader({ card, headingId }: { card: Card; headingId: string }) {
  return (
    <header className={classes.header}>
      <div className={classes.top}>
        <h1 id={headingId} className={classes.title}>
          <Marked text={card.agent} /> {card.state === "waiting" ? "wants" : "wanted"} to run{" "}
          <span className={classes.tool}><Marked text={`${card.upstream}/${card.tool}`} /></span>
        </h1>
        <span className={classes.tags}>
          {card.destructive && <Tag tone="neutral" icon={<Icon name="warning" />}>May delete or overwrite</Tag>}
          <StateTag card={card} />
        </span>
      </div>
      <ul className={classes.who} aria-label="Who asks">
        {facts(card).map((fact) => <li key={fact}><Marked text={fact} /></li>)}
      </ul>
      {card.ran_before !== null && <RanBefore at={card.ran_before} />}
      <ToolWords card={card} />
    </header>
  );
}

/** The identical call went up not long ago: a person may not want it twice. */
function RanBefore({ at }: { at: number }) {
  return <p className={classes.says} data-testid="ran-before">The same call ran {ago(useNow() - at)}.</p>;
}

function StateTag({ card }: { card: Card }) {
  switch (card.state) {
    case "waiting":
      return asksProof(card)
        ? <Tag tone="step">Needs a step-up</Tag>
        : <Tag tone="hold">Needs approval</Tag>;
    case "approved":
      return <Tag tone="allow" icon={<Icon name="check" />}>Approved</Tag>;
    case "released":
      return <Tag tone="allow" icon={<Icon name="check" />}>Approved and sent</Tag>;
    case "ended":
      return <Tag tone="deny" icon={<Icon name="bar" />}>Ended, not sent</Tag>;
  }
}

/** On one line, whatever the upstream would like to draw below it: a line end is a sign. */
const onOneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ↵ ");
const lengthOf = (text: string): number => Array.from(text).length;

/** What the upstream says of its tool. Nobody has checked it. */
function ToolWords({ card }: { card: Card }) {
  if (card.tool_title === null && card.tool_description === null) return null;
  const [title, description] = [onOneLine(card.tool_title ?? ""), onOneLine(card.tool_description ?? "")];
  return (
    <p className={classes.says}>
      <span className={classes.source}>The upstream says:</span>{" "}
      {title !== "" && <><Words text={title} />{description !== "" && ". "}</>}
      {description !== "" && <Words text={description} />}
    </p>
  );
}

function Words({ text }: { text: string }) {
  const characters = lengthOf(text);
  return <LongText inLine pieces={piecesOf(text)} characters={characters} folded={characters > DESCRIPTION_FOLDS_AT} />;
}

function facts(card: Card): string[] {
  const process = card.process === null ? null : `process ${card.process}`;
  const program = [card.program, process].filter((part) => part !== null).join(", ");
  const folder = card.project === null ? "" : card.branch === null ? card.project : `${card.project} on ${card.branch}`;
  return [
    `${card.user_name}'s agent`,
    program,
    card.claimed_client === null ? "" : `calls itself ${card.claimed_client}`,
    folder,
    card.attended || !isOpen(card) ? "" : "the agent stopped waiting; it can call again for the answer",
  ].filter((fact) => fact !== "");
}

/** Nobody waits for a call that went or ended, and there is nothing left to call again for. */
function isOpen({ state }: Card): boolean {
  return state === "waiting" || state === "approved";
}
