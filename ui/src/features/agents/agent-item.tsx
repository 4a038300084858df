/** One agent: whom it acts for, which programs it is known to be, how long it waits; and who else asks in its name. */
import { Button } from "@mantine/core";
import { Ago } from "@/components/ago";
import { Marked } from "@/components/marked";
import { Notice } from "@/components/notice";
import { ShortPath } from "@/components/short-path";
import type { AgentRow, AgentsView } from "@/ipc/schema";
import { date, lengthOf } from "@/lib/time";
import classes from "./agent-item.module.css";

export type Asked = "remove" | "wait" | { accept: string };

export function AgentItem({ agent, users, onAsk }: {
  agent: AgentRow;
  users: AgentsView["users"];
  onAsk: (asked: Asked) => void;
}) {
  const user = users.find(({ id }) => id === agent.user);
  return (
    <article className={classes.agent} aria-label={agent.name} data-testid="agent-row" data-agent={agent.name}>
      <div className={classes.head}>
        <div className={classes.words}>
          <strong><Marked text={agent.name} /></strong>
          <span className={classes.user}>acts for <Marked text={user?.name ?? agent.user} /></span>
        </div>
        <div className={classes.times}>
          <span>{agent.last_seen === null ? "never seen yet" : <>last seen <Ago at={agent.last_seen} precision="minute" /></>}</span>
          <span className="faint">added {date(agent.added_at)}</span>
        </div>
        <Button
          size="xs" variant="subtle" onClick={() => { onAsk("remove"); }}
          aria-label={`Remove ${agent.name}`} data-testid={`remove-${agent.name}`}
        >
          Remove…
        </Button>
      </div>
      <dl className={classes.facts}>
        <div>
          <dt>{agent.programs.length > 1 ? "Programs" : "Program"}</dt>
          <dd>
            {agent.programs.length === 0
              ? <span className="faint">the one that calls first</span>
              : agent.programs.map((program) => <div key={program}><ShortPath path={program} /></div>)}
          </dd>
        </div>
        <div>
          <dt>Waits</dt>
          <dd>
            {waitWords(agent)}
            {" "}
            <button
              type="button" className={classes.change} onClick={() => { onAsk("wait"); }}
              aria-label={`Change how long ${agent.name} waits`} data-testid={`wait-${agent.name}`}
            >
              Change…
            </button>
          </dd>
        </div>
      </dl>
      {agent.other_programs.length > 0 && (
        <div className={classes.others}>
          {agent.other_programs.map(({ program, last_call: at }) => (
            <Notice
              key={program} tone="hold" testId="other-program"
              title={<>Another program asked in this agent&rsquo;s name, <Ago at={at} precision="minute" />. Its calls wait for you.</>}
              actions={<Button size="xs" onClick={() => { onAsk({ accept: program }); }} data-testid="accept-program">Accept this program…</Button>}
            >
              <code className={classes.path}><Marked text={program} /></code>
              <p>If you do not know it, reject its calls and remove this agent.</p>
            </Notice>
          ))}
        </div>
      )}
    </article>
  );
}

/** "up to 10 min for a held call", "as its program allows: 4 min 40 s" */
function waitWords({ wait_limit: limit, wait_of_program: usual }: AgentRow): string {
  if (limit !== null) return `up to ${lengthOf(limit)} for a held call`;
  return usual === null ? "as its program allows" : `as its program allows: ${usual}`;
}
