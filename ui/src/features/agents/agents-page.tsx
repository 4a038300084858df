/** The programs that may knock: each has its own token and acts for one user. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { Empty } from "@/components/empty";
import { Failure } from "@/components/failure";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { agentsQuery, useCommand } from "@/ipc/queries";
import type { AgentRow, NewAgent } from "@/ipc/schema";
import { plural } from "@/lib/words";
import { AcceptProgram } from "./accept-program";
import { AddAgent } from "./add-agent";
import { AgentItem, type Asked } from "./agent-item";
import classes from "./agents-page.module.css";
import { AgentToken } from "./agent-token";
import { LocalAgents } from "./local-agents";
import { WaitLimit } from "./wait-limit";

export function AgentsPage() {
  const { data: view, error, refetch } = useQuery(agentsQuery);
  const [adding, setAdding] = useState(false);
  const [added, setAdded] = useState<NewAgent | null>(null);
  const [asked, setAsked] = useState<{ agent: AgentRow; what: Asked } | null>(null);
  const close = (): void => { setAsked(null); };
  return (
    <Page
      title="Agents"
      note={view !== undefined && view.agents.length > 0 ? plural(view.agents.length, "agent") : undefined}
      actions={(
        <Button variant="filled" disabled={view === undefined} onClick={() => { setAdding(true); }} data-testid="add-agent">
          Connect an agent
        </Button>
      )}
    >
      {error !== null && <Failure what="The agents could not be read. They are kept." error={error} onRetry={() => void refetch()} />}
      {view === undefined && error === null && <Pending what="the agents" />}
      {added !== null && <AgentToken agent={added} onDone={() => { setAdded(null); }} />}
      {view !== undefined && <LocalAgents />}
      {view?.agents.length === 0 && added === null && (
        <Empty title="No agent is connected" testId="empty-agents">
          <p>
            Give an agent a name and it gets a token of its own. With it, the agent reaches your upstreams through
            Doorward, and every call it makes is judged.
          </p>
        </Empty>
      )}
      {view !== undefined && view.agents.length > 0 && (
        <ul className={classes.list} aria-label="Agents">
          {view.agents.map((agent) => (
            <li key={agent.name}>
              <AgentItem agent={agent} users={view.users} onAsk={(what) => { setAsked({ agent, what }); }} />
            </li>
          ))}
        </ul>
      )}
      {adding && view !== undefined && (
        <AddAgent
          users={view.users} taken={view.agents.map(({ name }) => name)}
          onClose={() => { setAdding(false); }}
          onAdded={(agent) => { setAdding(false); setAdded(agent); }}
        />
      )}
      {asked?.what === "remove" && <Remove agent={asked.agent} onClose={close} />}
      {asked?.what === "wait" && <WaitLimit agent={asked.agent} onClose={close} />}
      {asked !== null && typeof asked.what === "object" && (
        <AcceptProgram agent={asked.agent} program={asked.what.accept} onClose={close} />
      )}
    </Page>
  );
}

function Remove({ agent, onClose }: { agent: AgentRow; onClose: () => void }) {
  const remove = useCommand("remove_agent", ["agents", "overview", "inbox", "activity"]);
  return (
    <Confirm
      opened title={`Remove ${agent.name}?`} action={`Remove ${agent.name}`} busy={remove.isPending} onCancel={onClose}
      onConfirm={() => { remove.mutate({ name: agent.name }, { onSuccess: onClose }); }}
      error={remove.error !== null && <Failure what="It was not removed." error={remove.error} />}
    >
      <p>Its token stops working at once. Its holds are withdrawn. Its past calls stay in Activity.</p>
    </Confirm>
  );
}
