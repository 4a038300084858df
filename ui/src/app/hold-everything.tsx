/** Holding everything: one switch, and the way back beside the alarm that says so. */
import { Button, Switch } from "@mantine/core";
import { Prose } from "@/components/prose";
import type { IpcFailure } from "@/ipc/host";
import { useCommand } from "@/ipc/queries";
import { sentence } from "@/lib/words";
import classes from "./hold-everything.module.css";

export function HoldEverything({ paused }: { paused: boolean }) {
  const pause = useCommand("pause", ["overview"]);
  const resume = useCommand("resume", ["overview"]);
  const { isPending } = paused ? resume : pause;
  return (
    <div className={classes.switch}>
      <Switch
        size="xs" label="Hold everything" classNames={{ body: classes.body }} checked={paused}
        disabled={isPending} data-testid="hold-everything"
        onChange={() => { (paused ? resume : pause).mutate({}); }}
      />
      <Problem error={pause.error ?? resume.error} />
    </div>
  );
}

export function LetCallsGo() {
  const resume = useCommand("resume", ["overview"]);
  return (
    <span className={classes.back}>
      <Button
        size="compact-xs" variant="default" disabled={resume.isPending} data-testid="let-calls-go"
        onClick={() => { resume.mutate({}); }}
      >
        Let calls go
      </Button>
      <Problem error={resume.error} />
    </span>
  );
}

function Problem({ error }: { error: IpcFailure | null }) {
  if (error === null) return null;
  return (
    <span className={classes.problem} role="alert">
      <Prose text={sentence(error.message)} /> <Prose text={sentence(error.hint)} />
    </span>
  );
}
