/** Tools that are not as they were first seen: how each differs, and accepting what it is now. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { DiffText } from "@/components/diff-text";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { Notice } from "@/components/notice";
import { changedToolsQuery, useCommand } from "@/ipc/queries";
import type { ChangedToolRow } from "@/ipc/schema";
import classes from "./changed-tools.module.css";

export function ChangedTools() {
  const { data: rows, error, refetch } = useQuery(changedToolsQuery);
  const [accepting, setAccepting] = useState<ChangedToolRow | null>(null);
  return (
    <>
      {error !== null && <Failure what="Whether tools changed could not be read." error={error} onRetry={() => void refetch()} />}
      {rows?.map((row) => (
        <Notice
          key={`${row.upstream}/${row.tool}`} tone="hold" testId="changed-tool"
          title={<><Marked text={`${row.upstream}/${row.tool}`} /> is not as it was first seen</>}
          actions={<Button size="xs" onClick={() => { setAccepting(row); }} data-testid="accept-tool">Accept…</Button>}
        >
          Each of its calls waits for you until you accept what it is now.
          <DiffText text={row.difference} label={`How ${row.tool} changed`} />
        </Notice>
      ))}
      {accepting !== null && <Accept row={accepting} onClose={() => { setAccepting(null); }} />}
    </>
  );
}

function Accept({ row, onClose }: { row: ChangedToolRow; onClose: () => void }) {
  const accept = useCommand("accept_tool", ["upstreams", "inbox", "grants"]);
  const { upstream, tool, hash } = row;
  return (
    <Confirm
      opened title="Accept this tool as it is now?" action="Accept" busy={accept.isPending} onCancel={onClose}
      onConfirm={() => { accept.mutate({ upstream, tool, hash }, { onSuccess: onClose }); }}
      error={accept.error !== null && <Failure what="It was not accepted. Its calls wait as before." error={accept.error} />}
    >
      <div className={classes.change}>
        <p><Marked text={`${upstream}/${tool}`} /> goes by your policies again. Grants that were made for it before end.</p>
        <DiffText text={row.difference} label={`How ${tool} changed`} />
      </div>
    </Confirm>
  );
}
