/** Connecting an agent program: choose its servers, see every change, connect, and see that each one answers. */
import { Button, Checkbox, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { DiffText } from "@/components/diff-text";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { Notice } from "@/components/notice";
import { Pending } from "@/components/pending";
import { ShortPath } from "@/components/short-path";
import { Tag } from "@/components/tag";
import { upstreamsQuery, useCommand } from "@/ipc/queries";
import type { ConnectChoice, Connected, ConnectPlan, FoundAgent, ServerPick } from "@/ipc/schema";
import { sentence } from "@/lib/words";
import classes from "./connect-dialog.module.css";

interface Row { key: string; pick: ServerPick; shown: string; secrets: readonly string[] }

export function ConnectDialog({ agent, onClose }: { agent: FoundAgent; onClose: () => void }) {
  const rows = movable(agent);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(rows.map(({ key }) => key)));
  const { data: upstreams } = useQuery(upstreamsQuery);
  const reached = new Set(agent.files.flatMap((file) => file.servers.map((server) => server.behind)));
  const offered = (upstreams ?? []).filter(({ name }) => !reached.has(name));
  const [added, setAdded] = useState<ReadonlySet<string>>(new Set());
  const [keepSecrets, setKeepSecrets] = useState(true);
  const plan = useCommand("plan_connect", []);
  const connect = useCommand("connect_agent", ["agents", "upstreams", "overview"]);

  const choice: ConnectChoice = {
    id: agent.id, keep_secrets: keepSecrets, upstreams: [...added],
    servers: rows.filter(({ key }) => chosen.has(key)).map(({ pick }) => pick),
  };
  const hasSecrets = rows.some(({ key, secrets }) => chosen.has(key) && secrets.length > 0);
  return (
    <Modal opened onClose={onClose} title={`Connect ${agent.title}`} size={720} data-testid="connect-dialog">
      {connect.data !== undefined
        ? <Done agent={agent} connected={connect.data} onClose={onClose} />
        : plan.data !== undefined
          ? (
            <Change
              plan={plan.data} busy={connect.isPending} onBack={() => { plan.reset(); connect.reset(); }}
              onConnect={() => { connect.mutate(choice); }}
              error={connect.error !== null && <Failure what="It was not connected. Its files are as they were." error={connect.error} />}
            />
          )
          : (
            <form className={classes.form} onSubmit={(event) => { event.preventDefault(); if (!plan.isPending) plan.mutate(choice); }}>
              {rows.length > 0 && (
                <fieldset className={classes.group}>
                  <legend>Servers to move behind Doorward</legend>
                  {rows.map(({ key, pick, shown, secrets }) => (
                    <Checkbox
                      key={key} checked={chosen.has(key)} onChange={() => { setChosen(toggled(chosen, key)); }} data-testid={`pick-${pick.name}`}
                      label={<Marked text={pick.name} />}
                      description={(
                        <>
                          <code className={classes.exact}><Marked text={shown} /></code>
                          {secrets.length > 0 && <span>Looks secret: {secrets.join(", ")}</span>}
                        </>
                      )}
                    />
                  ))}
                </fieldset>
              )}
              {offered.length > 0 && (
                <fieldset className={classes.group}>
                  <legend>Upstreams it shall reach as well</legend>
                  {offered.map(({ name }) => (
                    <Checkbox
                      key={name} checked={added.has(name)} onChange={() => { setAdded(toggled(added, name)); }}
                      label={<Marked text={name} />} data-testid={`reach-${name}`}
                    />
                  ))}
                </fieldset>
              )}
              {hasSecrets && (
                <Checkbox
                  checked={keepSecrets} onChange={(event) => { setKeepSecrets(event.currentTarget.checked); }}
                  label="Move what looks secret into the keychain" description="Else it stays readable in upstreams.toml."
                />
              )}
              {plan.error !== null && <Failure what="Nothing was changed." error={plan.error} />}
              <div className={classes.buttons}>
                <Button type="button" onClick={onClose}>Cancel</Button>
                <Button
                  type="submit" variant="filled" disabled={plan.isPending || (choice.servers?.length === 0 && added.size === 0)}
                  data-testid="show-change"
                >
                  Show the change
                </Button>
              </div>
            </form>
          )}
    </Modal>
  );
}

function movable(agent: FoundAgent): Row[] {
  return agent.files.flatMap((file) => file.servers
    .filter((server) => server.behind === null && server.stays === null)
    .map((server) => ({
      key: [file.path, ...server.table, server.name].join("\n"),
      pick: { name: server.name, path: file.path, table: server.table },
      shown: server.shown, secrets: server.secrets,
    })));
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}

function Change({ plan, busy, onBack, onConnect, error }: {
  plan: ConnectPlan;
  busy: boolean;
  onBack: () => void;
  onConnect: () => void;
  error: ReactNode;
}) {
  return (
    <div className={classes.form} data-testid="connect-plan">
      {plan.files.map(({ path, diff }) => (
        <section key={path} className={classes.file} aria-label={path}>
          <ShortPath path={path} />
          <DiffText text={diff} label={`What changes in ${path}`} />
        </section>
      ))}
      {plan.upstreams.length > 0 && (
        <section className={classes.file} aria-label="New upstreams">
          <p className="muted small">Doorward will run or call, exactly:</p>
          <ul className={classes.upstreams}>
            {plan.upstreams.map(({ name, shown, secrets }) => (
              <li key={name}>
                <strong><Marked text={name} /></strong> <code className={classes.exact}><Marked text={shown} /></code>
                {secrets.map((secret) => <span key={secret} className="muted small">into the keychain: {secret}</span>)}
              </li>
            ))}
          </ul>
        </section>
      )}
      {plan.warnings.map((warning) => <Notice key={warning} tone="hold" title={<Marked text={warning} />} />)}
      {plan.secrets_stay !== null && <p className="muted small">{plan.secrets_stay}</p>}
      <p className="muted small">The files as they are now are kept. Undo brings them back byte for byte, at any time.</p>
      {busy && <Pending what="whether each server answers" />}
      {error}
      <div className={classes.buttons}>
        <Button type="button" onClick={onBack} disabled={busy}>Back</Button>
        <Button variant="filled" onClick={onConnect} disabled={busy} data-testid="connect-now">Connect as {plan.agent}</Button>
      </div>
    </div>
  );
}

function Done({ agent, connected, onClose }: { agent: FoundAgent; connected: Connected; onClose: () => void }) {
  const failed = connected.servers.some(({ problem }) => problem !== null);
  return (
    <div className={classes.form} data-testid="connected">
      <Notice
        tone={failed ? "hold" : "allow"}
        title={failed ? `${agent.title} is connected, but not everything answers.` : `${agent.title} is connected as ${connected.agent}.`}
      >
        {connected.restart ? "Start it again: it reads its file only then." : "It reads its file by itself."}
      </Notice>
      <ul className={classes.upstreams}>
        {connected.servers.map(({ server, answered_as: as, problem }) => (
          <li key={server} data-testid="verified">
            <Tag tone={problem === null ? "allow" : "deny"}>{problem === null ? "Answers" : "No answer"}</Tag>{" "}
            <strong><Marked text={server} /></strong> <span className="muted small"><Marked text={problem === null ? `as ${as ?? ""}` : sentence(problem)} /></span>
          </li>
        ))}
      </ul>
      {failed && <p className="muted small">Look at what is said there, or put its files back with Undo on this page.</p>}
      <div className={classes.buttons}><Button variant="filled" onClick={onClose} data-testid="connect-done">Done</Button></div>
    </div>
  );
}
