/** Text to take elsewhere, whole, with a button that copies exactly it. What would not show is marked where it is read. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { copyText } from "@/lib/copy-text";
import { checked } from "@/lib/pieces";
import classes from "./copy-block.module.css";
import { Pieces } from "./marked";

export function CopyBlock({ text, label, testId }: { text: string; label: string; testId?: string }) {
  const [state, setState] = useState<"ready" | "copied" | "failed">("ready");
  const copy = async (): Promise<void> => { setState(await copyText(text) ? "copied" : "failed"); };
  return (
    <div className={classes.block}>
      <pre className={classes.text} data-testid={testId}><Pieces pieces={checked([{ kind: "plain", text }])} /></pre>
      <Button size="xs" variant="subtle" onClick={() => void copy()} aria-label={`Copy ${label}`}>
        {state === "copied" ? "Copied" : "Copy"}
      </Button>
      <span className={classes.state} role="status">
        {state === "failed" && "Copying did not work. Select the text and copy it."}
      </span>
    </div>
  );
}
