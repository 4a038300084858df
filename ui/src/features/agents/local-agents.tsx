/** Agent programs on this machine: which of their servers are behind the door, and which go around it. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Confirm } from "@/components/confirm";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { Notice } from "@/components/notice";
import { ShortPath } from "@/components/short-path";
import { Tag } from "@/components/tag";
import { foundAgentsQuery, useCommand } from "@/ipc/queries";
import type { FoundAgent, FoundServer } from "@/ipc/schema";
import { plural } from "@/lib/words";
import { ConnectDialog } from "./connect-dialog";
import classes from "./local-agents.module.css";

export function LocalAgents() {
  const id = useId();
  const { data: agents, error, refetch } = useQuery(foundAgentsQuery);
  const [connecting, setConnecting] = useState<FoundAgent | null>(null);
  const [undoing, setUndoing] = useState<FoundAgent | null>(null);
  const [said, setSaid] = useState<readonly string[]>([]);
  const installed = (agents ?? []).filter((agent) => agent.is_installed);
  return (
    <section className={classes.section} aria-labelledby={id} data-testid="local-agents">
      <h2 id={id} className={classes.title}>On this machine</h2>
      {error !== null && <Failure what="The agents’ own files could not be looked at." error={error} onRetry={() => void refetch()} />}
      {said.length > 0 && (
        <Notice tone="allow" title="Undone" testId="undone">
          {said.map((line) => <p key={line}><Marked text={line} /></p>)}
        </Notice>
      )}
      {agents !== undefined && installed.length === 0 && (
        <p className="muted small">
          None of the agents Doorward knows was found: {agents.map(({ title }) => title).join(", ")}.
        </p>
      )}
      {installed.length > 0 && (
        <ul className={classes.list} aria-label="Agents on this machine">
          {installed.map((agent) => (
            <li key={agent.id}>
              <Found
                agent={agent}
                onConnect={() => { setSaid([]); setConnecting(agent); }}
                onUndo={() => { setSaid([]); setUndoing(agent); }}
              />
            </li>
          ))}
        </ul>
      )}
      {connecting !== null && <ConnectDialog agent={connecting} onClose={() => { setConnecting(null); }} />}
      {undoing !== null && (
        <Undo agent={undoing} onClose={() => { setUndoing(null); }} onDone={(lines) => { setUndoing(null); setSaid(lines); }} />
      )}
    </section>
  );
}

function Found({ agent, onConnect, onUndo }: { agent: FoundAgent; onConnect: () => void; onUndo: () => void }) {
  const leave = useCommand("leave_around", ["agents", "overview"]);
  const servers = agent.files.flatMap((file) => file.servers);
  const behind = servers.filter((server) => server.behind !== null).length;
  const around = servers.length - behind;
  const fresh = servers.filter((server) => server.is_new);
  return (
    <article className={classes.agent} aria-label={agent.title} data-testid="found-agent" data-agent={agent.id}>
      <div className={classes.head}>
        <strong>{agent.title}</strong>
        <span className={classes.counts}>
          {servers.length === 0 ? "no MCP servers" : `${behind} behind the door, ${around} around it`}
        </span>
        <span className={classes.buttons}>
          {agent.connected_as !== null && (
            <Button size="xs" variant="subtle" onClick={onUndo} aria-label={`Undo for ${agent.title}`} data-testid={`undo-${agent.id}`}>Undo…</Button>
          )}
          <Button size="xs" onClick={onConnect} aria-label={`Connect ${agent.title}`} data-testid={`connect-${agent.id}`}>Connect…</Button>
        </span>
      </div>
      {fresh.length > 0 && (
        <Notice
          tone="deny" testId="around-notice"
          title={`${plural(fresh.length, "server")} added around Doorward. Calls to ${fresh.length === 1 ? "it" : "them"} are not judged.`}
          actions={(
            <>
              <Button size="xs" onClick={onConnect} data-testid={`move-${agent.id}`}>Move behind Doorward…</Button>
              <Button size="xs" variant="subtle" disabled={leave.isPending} onClick={() => { leave.mutate({ name: agent.id }); }}>Leave it there</Button>
            </>
          )}
        >
          {fresh.map((server) => <code key={server.table.join(".") + server.name} className={classes.exact}><Marked text={`${server.name}: ${server.shown}`} /></code>)}
          {leave.error !== null && <Failure what="It could not be kept." error={leave.error} />}
        </Notice>
      )}
      {agent.files.filter((file) => file.exists).map((file) => (
        <div key={file.path} className={classes.file}>
          <div className={classes.path}><ShortPath path={file.path} /></div>
          {file.problem !== null && <p className={classes.problem}>Left alone: {file.problem}.</p>}
          <ul>{file.servers.map((server) => <li key={server.table.join(".") + server.name}><Server server={server} /></li>)}</ul>
        </div>
      ))}
    </article>
  );
}

function Server({ server }: { server: FoundServer }) {
  return (
    <div className={classes.server} data-testid="found-server" data-behind={server.behind !== null}>
      <Tag tone={server.behind === null ? "hold" : "allow"}>{server.behind === null ? "Around" : "Behind"}</Tag>
      <span className={classes.words}>
        <Marked text={server.name} />{server.is_off && <span className="faint"> off</span>}
        {server.shown !== "" && server.behind === null && <code className={classes.exact}><Marked text={server.shown} /></code>}
        {server.stays !== null && server.behind === null && <span className={classes.why}>It cannot be moved: it {server.stays}.</span>}
      </span>
    </div>
  );
}

function Undo({ agent, onClose, onDone }: { agent: FoundAgent; onClose: () => void; onDone: (said: readonly string[]) => void }) {
  const undo = useCommand("undo_connect", ["agents", "overview", "inbox"]);
  return (
    <Confirm
      opened title={`Undo for ${agent.title}?`} action="Put its files back" busy={undo.isPending} onCancel={onClose}
      onConfirm={() => { undo.mutate({ name: agent.id }, { onSuccess: ({ said }) => { onDone(said); } }); }}
      error={undo.error !== null && <Failure what="Not everything was put back." error={undo.error} />}
    >
      <p>Its files come back byte for byte. One that was edited since keeps the edit and loses only what Doorward put there.</p>
      <p>Its calls then go around Doorward and are not judged. The upstreams stay.</p>
    </Confirm>
  );
}
