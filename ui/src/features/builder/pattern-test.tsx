/** A pattern tried while it is typed: on values seen lately, and on whatever one types. Rust compares, as it would for a call. */
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Marked } from "@/components/marked";
import { Prose } from "@/components/prose";
import { patternQuery } from "@/ipc/queries";
import { useSettledValue } from "@/lib/use-settled-value";
import { sentence } from "@/lib/words";
import classes from "./condition-tree.module.css";

const MOST = 5;

export function PatternTest({ pattern, ignoreCase, seen }: { pattern: string; ignoreCase: boolean; seen: readonly string[] }) {
  const [typed, setTyped] = useState("");
  const samples = [...(typed === "" ? [] : [typed]), ...seen.filter((one) => one !== typed).slice(0, MOST)];
  const settled = useSettledValue(JSON.stringify({ pattern, ignore_case: ignoreCase, samples }), 150);
  const { data } = useQuery(patternQuery(settled, pattern !== ""));
  const tried = (JSON.parse(settled) as { samples: string[] }).samples;
  return (
    <div className={classes.pattern} data-testid="pattern-test">
      <TextInput size="xs" aria-label="Text to try the pattern on" placeholder="try it on a text" value={typed} onChange={(event) => { setTyped(event.currentTarget.value); }} data-testid="pattern-sample" />
      <span className={classes.tried} role="status">
        {data?.problem != null && <Prose text={sentence(data.problem)} />}
        {data?.problem === null && tried.map((sample, index) => (
          <span key={sample} data-fits={data.fits[index] === true || undefined}>
            <code><Marked text={sample} /></code> {data.fits[index] === true ? "matches" : "does not"}
          </span>
        ))}
      </span>
    </div>
  );
}
