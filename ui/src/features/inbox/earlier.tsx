/** What stood in an argument's place when a call of this tool was approved last. Told by words, not by colour alone. */
import { UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { DiffView } from "@/components/diff-view";
import { LongText } from "@/components/long-text";
import type { CardArgument, CardChange } from "@/ipc/schema";
import { size } from "@/lib/words";
import classes from "./earlier.module.css";

/** Longer texts are not compared line by line. */
const COMPARED_UP_TO = 50_000;

export function Earlier({ now, change }: { now: CardArgument; change: CardChange | undefined }) {
  if (change === undefined) return null;
  const { kind, was } = change;
  if (kind === "not_kept") return <p className={classes.line} data-testid="earlier">its earlier value is not on record</p>;
  if (was === null) return <p className={classes.line} data-testid="earlier">new, it was not there</p>;
  if (textOf(was).includes("\n") || textOf(now).includes("\n")) return <Lines now={now} was={was} />;
  return (
    <p className={classes.line} data-testid="earlier">
      was{" "}
      <del className={classes.was}>
        <LongText inLine pieces={was.pieces} characters={was.characters} folded={was.folded} />{was.unit !== undefined && ` ${was.unit}`}
      </del>
      {was.kind !== now.kind && ` (${was.kind})`}
    </p>
  );
}

function Lines({ now, was }: { now: CardArgument; was: CardArgument }) {
  const [isOpen, setOpen] = useState(false);
  if (now.characters + was.characters > COMPARED_UP_TO) {
    return <p className={classes.line} data-testid="earlier">changed; it was {size(was.characters)} long</p>;
  }
  return (
    <div className={classes.line} data-testid="earlier">
      changed.{" "}
      <UnstyledButton className={classes.more} aria-expanded={isOpen} onClick={() => { setOpen(!isOpen); }}>
        {isOpen ? "Hide what changed" : "Show what changed"}
      </UnstyledButton>
      {isOpen && <div className={classes.diff}><DiffView before={textOf(was)} after={textOf(now)} label={`What changed in ${now.path}`} /></div>}
    </div>
  );
}

/** Marks stay marks: what would not show is named in both texts. */
function textOf({ pieces }: CardArgument): string {
  return pieces.map((piece) => {
    switch (piece.kind) {
      case "plain": return piece.text;
      case "hidden": return `⟨${piece.name}⟩`;
      case "look_alike": return `${piece.text}⟨${piece.name}⟩`;
    }
  }).join("");
}
