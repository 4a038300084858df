/** The MCP servers behind the door: what is run or called, exactly, and where agents reach it. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { CopyBlock } from "@/components/copy-block";
import { Empty } from "@/components/empty";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { Tag } from "@/components/tag";
import { upstreamsQuery, useCommand } from "@/ipc/queries";
import type { UpstreamRow } from "@/ipc/schema";
import { plural, sentence } from "@/lib/words";
import { AddUpstream } from "./add-upstream";
import { ChangedTools } from "./changed-tools";
import { PasteUpstreams } from "./paste-upstreams";
import classes from "./upstreams-page.module.css";

export function UpstreamsPage() {
  const { data: rows, error, refetch } = useQuery(upstreamsQuery);
  const [adding, setAdding] = useState(false);
  const [pasting, setPasting] = useState(false);
  const [leaving, setLeaving] = useState<UpstreamRow | null>(null);
  return (
    <Page
      title="Upstreams"
      note={rows !== undefined && rows.length > 0 ? plural(rows.length, "upstream") : undefined}
      actions={(
        <>
          <Button onClick={() => { setPasting(true); }} data-testid="paste-upstreams">Paste from a README</Button>
          <Button variant="filled" onClick={() => { setAdding(true); }} data-testid="add-upstream">Add an upstream</Button>
        </>
      )}
    >
      {error !== null && <Failure what="The upstreams could not be read. They are kept." error={error} onRetry={() => void refetch()} />}
      <ChangedTools />
      {rows === undefined && error === null && <Pending what="the upstreams" />}
      {rows?.length === 0 && (
        <Empty title="There is no upstream yet" testId="empty-upstreams">
          <p>An upstream is an MCP server that agents reach only through Doorward. Add the first one: a command to run, or an address.</p>
        </Empty>
      )}
      {rows !== undefined && rows.length > 0 && (
        <ul className={classes.list} aria-label="Upstreams">
          {rows.map((row) => (
            <li key={row.name} className={classes.item}><Item row={row} onRemove={() => { setLeaving(row); }} /></li>
          ))}
        </ul>
      )}
      {adding && <AddUpstream taken={rows?.map(({ name }) => name) ?? []} onClose={() => { setAdding(false); }} />}
      {pasting && <PasteUpstreams onClose={() => { setPasting(false); }} />}
      {leaving !== null && <Remove row={leaving} onClose={() => { setLeaving(null); }} />}
    </Page>
  );
}

function Item({ row, onRemove }: { row: UpstreamRow; onRemove: () => void }) {
  return (
    <article className={classes.upstream} aria-label={row.name} data-testid="upstream-row" data-upstream={row.name}>
      <div className={classes.head}>
        <strong><Marked text={row.name} /></strong>
        <Tag tone="neutral">{row.transport === "http" ? "Address" : "Command"}</Tag>
        <span className={classes.counts}>
          {row.tools === null ? "tools not asked for yet" : plural(row.tools, "tool")}, {plural(row.sessions, "open session")}
        </span>
        <Button size="xs" variant="subtle" onClick={onRemove} aria-label={`Remove ${row.name}`} data-testid={`remove-${row.name}`}>Remove…</Button>
      </div>
      <dl className={classes.facts}>
        <div><dt>{row.transport === "http" ? "Calls" : "Runs"}</dt><dd><code className={classes.exact}><Marked text={row.command} /></code></dd></div>
        <div><dt>For agents</dt><dd><CopyBlock text={row.address} label={`the address of ${row.name}`} /></dd></div>
      </dl>
      {row.last_error !== null && (
        <Notice tone="deny" title="It does not answer">
          <Prose text={sentence(row.last_error)} /> Calls to it fail until it does; other upstreams are not affected.
        </Notice>
      )}
    </article>
  );
}

function Remove({ row, onClose }: { row: UpstreamRow; onClose: () => void }) {
  const remove = useCommand("remove_upstream", ["upstreams", "overview", "inbox", "activity"]);
  return (
    <Confirm
      opened title={`Remove ${row.name}?`} action={`Remove ${row.name}`} busy={remove.isPending} onCancel={onClose}
      onConfirm={() => { remove.mutate({ name: row.name }, { onSuccess: onClose }); }}
      error={remove.error !== null && <Failure what="It was not removed." error={remove.error} />}
    >
      <p>
        Agents can no longer reach its tools. {row.sessions > 0 && `${plural(row.sessions, "open session")} will end. `}
        Holds for it are withdrawn. Its past calls stay in Activity.
      </p>
    </Confirm>
  );
}
