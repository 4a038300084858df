/** Approval flows: who is asked, in which order, and which policies ask them. */
import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Ago } from "@/components/ago";
import { Failure } from "@/components/failure";
import { Icon } from "@/components/icon";
import { Marked } from "@/components/marked";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { call, type IpcFailure } from "@/ipc/host";
import { flowsQuery } from "@/ipc/queries";
import type { Deleted, FlowRow } from "@/ipc/schema";
import { plural, sentence } from "@/lib/words";
import { FlowEditor } from "./flow-editor";
import classes from "./flows.module.css";

/** `flow` is the one being edited: an id, or empty for a new one. */
export function FlowsPage({ flow, onOpen }: { flow: string | null; onOpen: (flow: string | null) => void }) {
  const { data, error, refetch } = useQuery(flowsQuery);
  const client = useQueryClient();
  const [deleted, setDeleted] = useState<Deleted | null>(null);
  const [failure, setFailure] = useState<IpcFailure | null>(null);
  if (flow !== null) return <FlowEditor key={flow} id={flow === "" ? null : flow} onLeave={() => { onOpen(null); }} />;
  const change = async (work: () => Promise<void>): Promise<void> => {
    setFailure(null);
    try { await work(); } catch (caught) { setFailure(caught as IpcFailure); }
    void client.invalidateQueries({ queryKey: ["policies"] });
  };
  return (
    <Page
      title="Approval flows" note={data !== undefined && plural(data.rows.length, "flow")}
      actions={<Button variant="filled" onClick={() => { onOpen(""); }} data-testid="new-flow">New flow</Button>}
    >
      {error !== null && <Failure what="The flows could not be read. Those in force stay in force." error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Pending what="the flows" />}
      {failure !== null && <Failure what="The flow was not changed. It stays as it was." error={failure} />}
      {deleted !== null && (
        <div className={classes.undo} role="status" data-testid="flow-deleted">
          <span><strong><Marked text={deleted.name} /></strong> was removed.</span>
          <Button
            size="xs" onClick={() => void change(async () => { await call("restore_flow", { id: deleted.id, text: deleted.text }); setDeleted(null); })}
          >
            Undo
          </Button>
          <Button size="xs" variant="subtle" onClick={() => { setDeleted(null); }}>Close</Button>
        </div>
      )}
      {data !== undefined && (
        <ul className={classes.list}>
          {data.rows.map((row) => (
            <li key={row.id} className={classes.flow} data-testid="flow-row">
              <Row
                row={row} onOpen={() => { onOpen(row.id); }}
                onDelete={() => void change(async () => { setDeleted(await call("delete_flow", { id: row.id })); })}
              />
            </li>
          ))}
        </ul>
      )}
    </Page>
  );
}

function Row({ row, onOpen, onDelete }: { row: FlowRow; onOpen: () => void; onDelete: () => void }) {
  return (
    <article aria-label={row.name} className={classes.rowBody}>
      <div className={classes.words}>
        <div className={classes.head}>
          <strong><Marked text={row.name} /></strong>
          <span className="faint small">{row.built_in ? "built in" : `flows/${row.id}.toml`}{row.changed_at !== null && <>, changed <Ago at={row.changed_at} precision="minute" /></>}</span>
        </div>
        {row.description !== "" && <p className="muted">{sentence(row.description)}</p>}
        <ol className={classes.stages} aria-label="Stages">
          {row.stages.map((stage, index) => (
            <li key={index}>{index > 0 && <span className={classes.then} aria-hidden="true"><Icon name="arrow" /></span>}<span className={classes.stage}><Marked text={stage} /></span></li>
          ))}
        </ol>
        {row.problems.map((problem) => <p key={problem} className={classes.problem}><Prose text={sentence(problem)} /></p>)}
        <p className="faint small">
          {row.used_by.length === 0 ? "No policy asks it." : "Asked by "}
          {row.used_by.map(({ id, name }, index) => (
            <span key={id}>{index > 0 && ", "}{id === "" ? name : <Link to="/builder" search={{ id }} className={classes.link}>{name}</Link>}</span>
          ))}
        </p>
      </div>
      <div className={classes.buttons}>
        <Button size="xs" onClick={onOpen} data-testid={`edit-flow-${row.id}`}>Edit</Button>
        {!row.built_in && <Button size="xs" variant="subtle" onClick={onDelete} disabled={row.used_by.length > 0} title={row.used_by.length > 0 ? "Policies ask it" : undefined} data-testid={`delete-flow-${row.id}`}>Delete</Button>}
      </div>
    </article>
  );
}
