/** The token of a new agent, shown this once, with the commands that connect the usual programs. */
import { Button } from "@mantine/core";
import { useId } from "react";
import { CopyBlock } from "@/components/copy-block";
import { Marked } from "@/components/marked";
import type { NewAgent } from "@/ipc/schema";
import classes from "./agent-token.module.css";

export function AgentToken({ agent, onDone }: { agent: NewAgent; onDone: () => void }) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={id} data-testid="new-agent">
      <header className={classes.head}>
        <div>
          <h2 id={id} className={classes.title}><Marked text={agent.name} /> has its token</h2>
          <p className="muted small">It is shown this once and kept only as a hash. If it gets lost, remove the agent and connect it again.</p>
        </div>
        <Button onClick={onDone} data-testid="token-done">I have kept it</Button>
      </header>
      <CopyBlock text={agent.token} label="the token" testId="agent-token" />
      {agent.connect.map(({ title, text }) => (
        <div key={title}>
          <h3 className={classes.way}>{title}</h3>
          <CopyBlock text={text} label={title} />
        </div>
      ))}
    </section>
  );
}
