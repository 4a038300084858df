/** Activity as a file: the calls that the filter finds, or the whole journal, which can be checked elsewhere. */
import { Button, Checkbox, Modal, Radio } from "@mantine/core";
import { useState } from "react";
import { CopyBlock } from "@/components/copy-block";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { useCommand } from "@/ipc/queries";
import { plural } from "@/lib/words";
import classes from "./export.module.css";
import { isFiltered, requestOf, type Filter } from "./filter";

type What = "calls" | "journal";
type Format = "jsonl" | "csv";

export function Export({ filter, onClose }: { filter: Filter; onClose: () => void }) {
  const [what, setWhat] = useState<What>("calls");
  const [format, setFormat] = useState<Format>("jsonl");
  const [clear, setClear] = useState(false);
  const write = useCommand("export_activity", []);
  const send = (): void => {
    if (write.isPending) return;
    const { text, outcome, agent, upstream, tool, policy, since, until } = requestOf(filter);
    const calls = { text, outcome, agent, upstream, tool, policy, since, until, before: null, limit: 1 };
    write.mutate({ format, clear, filters: what === "calls" ? calls : null });
  };
  return (
    <Modal opened onClose={onClose} title="Export" data-testid="export-dialog">
      <form className={classes.form} onSubmit={(event) => { event.preventDefault(); send(); }}>
        <Radio.Group label="What" value={what} onChange={(value) => { setWhat(value === "journal" ? "journal" : "calls"); }}>
          <Radio value="calls" label={isFiltered({ ...filter, call: null }) ? "The calls that the filter finds" : "All calls"} data-testid="export-calls" />
          <Radio
            value="journal" label="The whole journal, entry by entry" data-testid="export-journal"
            description={<Prose text="`doorward journal verify` checks such a file on any machine, as JSON Lines." />}
          />
        </Radio.Group>
        <Radio.Group label="As" value={format} onChange={(value) => { setFormat(value === "csv" ? "csv" : "jsonl"); }}>
          <Radio value="jsonl" label="JSON Lines, for programs" />
          <Radio value="csv" label="CSV, for spreadsheets" data-testid="export-csv" />
        </Radio.Group>
        <Checkbox
          checked={clear} onChange={(event) => { setClear(event.currentTarget.checked); }} data-testid="export-clear"
          label="With secret values" description="They stand in the file for everybody who reads it. Asks for your passkey once you have one."
        />
        {write.isPending && <Pending what={clear ? "your passkey, then the journal" : "the journal"} />}
        {write.error !== null && <Failure what="Nothing was exported." error={write.error} />}
        {write.data !== undefined && (
          <Notice tone="allow" title={`${plural(write.data.count, write.variables.filters === null ? "entry" : "call", write.variables.filters === null ? "entries" : "calls")} written`} testId="exported">
            <CopyBlock text={write.data.path} label="the path of the file" />
          </Notice>
        )}
        <div className={classes.buttons}>
          <Button type="button" onClick={onClose}>{write.data === undefined ? "Cancel" : "Close"}</Button>
          <Button type="submit" variant="filled" disabled={write.isPending} data-testid="export-go">Write the file</Button>
        </div>
      </form>
    </Modal>
  );
}
