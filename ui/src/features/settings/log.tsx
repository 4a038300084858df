/** The newest lines of Doorward's own log, to read or to take elsewhere. */
import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { CopyBlock } from "@/components/copy-block";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { Pending } from "@/components/pending";
import { logQuery } from "@/ipc/queries";
import { plural } from "@/lib/words";
import classes from "./settings-page.module.css";

/** More are in the file. */
const SHOWN = 300;

export function Log({ onClose }: { onClose: () => void }) {
  const { data, error, refetch, isFetching } = useQuery(logQuery);
  const end = useRef<HTMLPreElement>(null);
  useEffect(() => { if (end.current !== null) end.current.scrollTop = end.current.scrollHeight; }, [data]);
  const lines = data?.lines.slice(-SHOWN) ?? [];
  return (
    <Modal opened onClose={onClose} title="Log" size={860} data-testid="log">
      <div className={classes.logText}>
        {error !== null && <Failure what="The log could not be read." error={error} onRetry={() => void refetch()} />}
        {data === undefined && error === null && <Pending what="the log" />}
        {data !== undefined && lines.length === 0 && <p>Nothing was noted yet. Doorward writes here when something is worth a look.</p>}
        {lines.length > 0 && (
          <pre className={classes.lines} ref={end} tabIndex={0} role="log" aria-live="off" aria-label="Lines of the log" data-testid="log-lines">
            {lines.map((line, index) => <div key={index}><Marked text={line} /></div>)}
          </pre>
        )}
        {data !== undefined && (
          <>
            <p className="muted small">
              {data.cut || data.lines.length > SHOWN ? `The newest ${plural(lines.length, "line")}. The whole file, at most two of half a megabyte:` : "The file:"}
            </p>
            <CopyBlock text={data.path} label="the path of the log" testId="log-path" />
          </>
        )}
      </div>
      <div className={classes.buttons}>
        <Button onClick={() => void refetch()} disabled={isFetching}>Read again</Button>
        <Button data-autofocus onClick={onClose}>Close</Button>
      </div>
    </Modal>
  );
}
