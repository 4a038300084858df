/** What is probably wrong, each with the edits that mend it. */
import { UnstyledButton } from "@mantine/core";
import { Prose } from "@/components/prose";
import type { FindingView, MendChoice } from "@/ipc/schema";
import { sentence } from "@/lib/words";
import classes from "./builder.module.css";

const WORDS = { error: "Wrong", warning: "Look again", advice: "Advice" } as const;

export function Findings({ findings, onMend }: { findings: readonly FindingView[]; onMend: (mend: MendChoice) => void }) {
  if (findings.length === 0) return null;
  return (
    <section aria-label="Findings" className={`${classes.side} ${classes.folded}`}>
      <ul className={classes.findings}>
        {findings.map((finding, index) => (
          <li key={index} className={classes.finding} data-severity={finding.severity} data-testid="finding">
            <strong className="small">{WORDS[finding.severity]}</strong>
            <span><Prose text={sentence(finding.sentence)} /></span>
            {finding.mends.length > 0 && (
              <span className={classes.mends}>
                {finding.mends.map((mend) => (
                  <UnstyledButton key={mend.label} className={classes.link} onClick={() => { onMend(mend); }} data-testid="mend">{mend.label}</UnstyledButton>
                ))}
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
