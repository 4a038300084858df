/** Packs: folders of policies that are shipped, or lie on this machine. Looked at and tried on past calls before they are added. */
import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { call, type IpcFailure } from "@/ipc/host";
import { packsQuery } from "@/ipc/queries";
import type { PackRow, PackSource } from "@/ipc/schema";
import { copyText } from "@/lib/copy-text";
import { plural } from "@/lib/words";
import { PackDetail } from "./pack-detail";
import classes from "./packs-page.module.css";

/** `pack` is the one looked at: a shipped one by its name, a folder by its path. */
export function PacksPage({ pack, onOpen }: { pack: string | null; onOpen: (pack: string | null) => void }) {
  const { data, error, refetch } = useQuery(packsQuery);
  const [folder, setFolder] = useState("");
  if (pack !== null) {
    const source: PackSource = pack.startsWith("/") ? { kind: "folder", path: pack } : { kind: "shipped", name: pack };
    return <PackDetail key={pack} source={source} onLeave={() => { onOpen(null); }} />;
  }
  return (
    <Page title="Packs" note={data !== undefined && plural(data.length, "shipped pack")} actions={<Link to="/policies" className={classes.link}>Back to the policies</Link>}>
      <p className="muted">A pack is a folder of policies. Nothing of yours is ever overwritten by one, and each can begin by only recording what it would do.</p>
      {error !== null && <Failure what="The packs could not be read." error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Pending what="the packs" />}
      {data !== undefined && (
        <ul className={classes.list} aria-label="Shipped packs">
          {data.map((row) => <li key={row.name}><Row row={row} onOpen={() => { onOpen(row.name); }} /></li>)}
        </ul>
      )}
      <section className={classes.panel} aria-labelledby="from-folder">
        <h2 id="from-folder">From a folder</h2>
        <form
          className={classes.line}
          onSubmit={(event) => { event.preventDefault(); if (folder.trim().startsWith("/")) onOpen(folder.trim()); }}
        >
          <TextInput
            label="Folder with policy files" value={folder} placeholder="/home/you/team-policies" classNames={{ input: classes.mono }} data-testid="import-folder"
            onChange={(event) => { setFolder(event.currentTarget.value); }}
            error={folder !== "" && !folder.trim().startsWith("/") ? "A whole path, beginning with /" : undefined}
          />
          <Button type="submit" disabled={!folder.trim().startsWith("/")} data-testid="look-at-folder">Look at it</Button>
        </form>
      </section>
      <Elsewhere />
    </Page>
  );
}

function Row({ row, onOpen }: { row: PackRow; onOpen: () => void }) {
  const standing = row.there === 0 ? plural(row.policies, "policy", "policies") : row.there === row.policies ? "all of it is there" : `${row.there} of ${plural(row.policies, "policy", "policies")} there`;
  return (
    <article className={classes.pack} aria-label={row.title} data-testid="pack-row" data-pack={row.name}>
      <div className={classes.words}>
        <div className={classes.head}><strong>{row.title}</strong><span className="faint small">{standing}</span></div>
        <p className="muted">{row.words.replaceAll("`", "")}</p>
      </div>
      <Button size="xs" onClick={onOpen} data-testid={`open-pack-${row.name}`}>Look at it</Button>
    </article>
  );
}

/** The set in force, taken elsewhere. */
function Elsewhere() {
  const [folder, setFolder] = useState("");
  const [said, setSaid] = useState("");
  const [failure, setFailure] = useState<IpcFailure | null>(null);
  const attempt = async (work: () => Promise<string>): Promise<void> => {
    setFailure(null);
    setSaid("");
    try { setSaid(await work()); } catch (caught) { setFailure(caught as IpcFailure); }
  };
  return (
    <section className={classes.panel} aria-labelledby="take-elsewhere">
      <h2 id="take-elsewhere">Take yours elsewhere</h2>
      <form
        className={classes.line}
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(async () => {
            const { files } = await call("export_policies", { folder: folder.trim() });
            return `${plural(files, "file")} written to ${folder.trim()}.`;
          });
        }}
      >
        <TextInput label="Export to a new folder" value={folder} placeholder="/home/you/policies-copy" classNames={{ input: classes.mono }} onChange={(event) => { setFolder(event.currentTarget.value); }} data-testid="export-folder" />
        <Button type="submit" disabled={!folder.trim().startsWith("/")} data-testid="export">Export</Button>
        <Button
          data-testid="copy-policies"
          onClick={() => void attempt(async () => {
            const { text, files } = await call("policies_text", {});
            return await copyText(text) ? `${plural(files, "file")} copied as text.` : "Copying did not work. Export them instead.";
          })}
        >
          Copy as text
        </Button>
      </form>
      {failure !== null && <Failure what="Nothing was written." error={failure} />}
      <div role="status">{said !== "" && <Notice tone="allow" title={said} testId="exported" />}</div>
    </section>
  );
}
