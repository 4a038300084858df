/** The policies in force: what each does, to which calls, and whether it does. Changes on disk wait here. */
import { Button, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { Empty } from "@/components/empty";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { call, type IpcFailure } from "@/ipc/host";
import { overviewQuery, policiesQuery, useCommand } from "@/ipc/queries";
import type { Deleted, PoliciesView, PolicyMode, PolicyRow } from "@/ipc/schema";
import { useKeys } from "@/lib/keys";
import { count, phrase, plural, sentence } from "@/lib/words";
import classes from "./policies-page.module.css";
import { keepParts, keptParts, NO_FILTER, passes, PolicyFilters, type Filter, type Part } from "./policy-filters";
import { ModeChanged, PolicyItem } from "./policy-item";
import { Precedence } from "./precedence";
import { WaitingPanel } from "./waiting-panel";

/** A thousand policies with all their switches would take seconds to draw; search looks through all of them. */
const PORTION = 60;

type Change = { policy: PolicyRow; to: PolicyMode };

export function PoliciesPage() {
  const { data: view, error, refetch } = useQuery(policiesQuery);
  const { data: overview } = useQuery(overviewQuery);
  const [search, setSearch] = useState("");
  const [changed, setChanged] = useState<Change | null>(null);
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [parts, setParts] = useState<ReadonlySet<Part>>(keptParts);
  const [deleted, setDeleted] = useState<Deleted | null>(null);
  const [failure, setFailure] = useState<IpcFailure | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const navigate = useNavigate();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const setMode = useCommand("set_policy_mode", ["policies", "overview"]);
  useKeys({ "/": () => { input.current?.focus(); } });

  const change = (policy: PolicyRow, to: PolicyMode): void => {
    setMode.mutate({ id: policy.id, mode: to }, { onSuccess: () => { setChanged({ policy, to }); } });
  };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setFailure(null);
    try { await work(); } catch (caught) { setFailure(caught as IpcFailure); }
    void client.invalidateQueries({ queryKey: ["policies"] });
  };
  const remove = async (id: string): Promise<void> => {
    if (removing !== null) return;
    setRemoving(id);
    await attempt(async () => { setDeleted(await call("delete_policy", { id })); });
    setRemoving(null);
  };
  return (
    <Page
      title="Policies"
      note={view !== undefined && <>{plural(view.rows.length, "policy", "policies")}, revision <code>{view.revision.slice(0, 8)}</code></>}
      actions={view !== undefined && (
        <>
          {view.rows.length > 0 && (
            <>
              <TextInput
                ref={input} type="search" aria-label="Search policies" placeholder="Search" value={search} className={classes.search}
                onChange={(event) => { setSearch(event.currentTarget.value); }} data-testid="policy-search"
              />
              <PolicyFilters
                rows={view.rows} filter={filter} parts={parts} onFilter={setFilter}
                onParts={(next) => { setParts(next); keepParts(next); }}
              />
            </>
          )}
          <Button onClick={() => { void navigate({ to: "/packs" }); }} data-testid="to-packs">Packs</Button>
          <Button onClick={() => { void navigate({ to: "/what-if" }); }} data-testid="to-what-if">What if…</Button>
          <Button variant="filled" onClick={() => { void navigate({ to: "/builder" }); }} data-testid="new-policy">New policy</Button>
        </>
      )}
    >
      {error !== null && (
        <Failure what="The policies could not be read. Those in force stay in force." error={error} onRetry={() => void refetch()} />
      )}
      {view === undefined && error === null && <Pending what="the policies" />}
      {view?.problem !== null && view !== undefined && (
        <Notice tone="deny" title={<Prose text={sentence(view.problem.message)} />} alert testId="policies-problem">
          <Prose text={sentence(view.problem.hint)} />
        </Notice>
      )}
      {view?.waiting != null && <WaitingPanel key={view.waiting.hash} change={view.waiting} />}
      {setMode.error !== null && <Failure what="The policy was not changed. It stays as it was." error={setMode.error} />}
      {failure !== null && <Failure what="The policy was not changed. It stays as it was." error={failure} />}
      {deleted !== null && (
        <div className={classes.undo} role="status" data-testid="policy-deleted">
          <span><strong>{phrase(deleted.name)}</strong> was removed: calls are decided without it.</span>
          <Button
            size="xs" data-testid="undo-delete"
            onClick={() => void attempt(async () => { await call("restore_policy", { id: deleted.id, text: deleted.text }); setDeleted(null); })}
          >
            Undo
          </Button>
          <Button size="xs" variant="subtle" onClick={() => { setDeleted(null); }}>Close</Button>
        </div>
      )}
      {changed !== null && (
        <ModeChanged
          policy={changed.policy} to={changed.to} busy={setMode.isPending}
          onUndo={() => {
            setMode.mutate({ id: changed.policy.id, mode: changed.policy.mode }, { onSuccess: () => { setChanged(null); } });
          }}
          onClose={() => { setChanged(null); }}
        />
      )}
      {view !== undefined && (
        view.rows.length === 0
          ? <NoPolicies home={overview?.home ?? null} />
          : (
            <List
              view={view} search={search} busy={removing ?? (setMode.isPending ? setMode.variables.id : null)} onMode={change}
              filter={filter} parts={parts} onDelete={(row) => void remove(row.id)}
            />
          )
      )}
    </Page>
  );
}

function List({ view, search, filter, parts, busy, onMode, onDelete }: {
  view: PoliciesView;
  search: string;
  filter: Filter;
  parts: ReadonlySet<Part>;
  /** The policy being changed. */
  busy: string | null;
  onMode: (policy: PolicyRow, to: PolicyMode) => void;
  onDelete: (policy: PolicyRow) => void;
}) {
  const [portions, setPortions] = useState(1);
  const found = view.rows.filter((row) => passes(row, filter) && matches(row, search));
  const shown = found.slice(0, portions * PORTION);
  return (
    <>
      <ul className={classes.list} aria-label="Policies">
        {shown.map((row) => (
          <li key={row.id} className={classes.item}>
            <PolicyItem
              policy={row} parts={parts} busy={busy === row.id}
              onMode={(to) => { onMode(row, to); }} onDelete={() => { onDelete(row); }}
            />
          </li>
        ))}
        {found.length === 0 && (
          <li className={classes.none}>No policy matches. Search looks in name, description, id, tools and condition.</li>
        )}
        {found.length > shown.length && (
          <li className={classes.none}>
            {count(shown.length)} of {plural(found.length, "policy", "policies")} are shown.{" "}
            <Button size="xs" onClick={() => { setPortions(portions + 1); }} data-testid="more-policies">Show {count(Math.min(PORTION, found.length - shown.length))} more</Button>
          </li>
        )}
      </ul>
      <Precedence otherwise={view.default_action} />
    </>
  );
}

function NoPolicies({ home }: { home: string | null }) {
  return (
    <Empty title="There are no policies" testId="empty-policies">
      <p>
        Write the first one with New policy, or put a policy file into
        {" "}{home === null ? "the policies folder of this home" : <code>{home}/policies</code>}.
        It shows up here and waits until you apply it.
      </p>
    </Empty>
  );
}

function matches({ name, description, id, tools, condition }: PolicyRow, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  return wanted === "" || [name, description, id, condition ?? "", ...tools].some((text) => text.toLowerCase().includes(wanted));
}
