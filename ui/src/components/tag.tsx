/** A word on a soft ground. Colour never says anything that the word does not. */
import type { ReactNode } from "react";
import classes from "./tag.module.css";

export type Tone = "hold" | "step" | "deny" | "allow" | "accent" | "neutral";

export function Tag({ tone, icon, children }: { tone: Tone; icon?: ReactNode; children: ReactNode }) {
  return <span className={classes.tag} data-tone={tone}>{icon}{children}</span>;
}
