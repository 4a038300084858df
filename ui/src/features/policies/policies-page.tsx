/** The policies in force: what each does, to which calls, and whether it does. Changes on disk wait here. */
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Empty } from "@/components/empty";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { Prose } from "@/components/prose";
import { overviewQuery, policiesQuery, useCommand } from "@/ipc/queries";
import type { PoliciesView, PolicyMode, PolicyRow } from "@/ipc/schema";
import { useKeys } from "@/lib/keys";
import { plural, sentence } from "@/lib/words";
import classes from "./policies-page.module.css";
import { ModeChanged, PolicyItem } from "./policy-item";
import { WaitingPanel } from "./waiting-panel";

type Change = { policy: PolicyRow; to: PolicyMode };

export function PoliciesPage() {
  const { data: view, error, refetch } = useQuery(policiesQuery);
  const { data: overview } = useQuery(overviewQuery);
  const [search, setSearch] = useState("");
  const [changed, setChanged] = useState<Change | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const setMode = useCommand("set_policy_mode", ["policies", "overview"]);
  useKeys({ "/": () => { input.current?.focus(); } });

  const change = (policy: PolicyRow, to: PolicyMode): void => {
    setMode.mutate({ id: policy.id, mode: to }, { onSuccess: () => { setChanged({ policy, to }); } });
  };
  return (
    <Page
      title="Policies"
      note={view !== undefined && <>{plural(view.rows.length, "policy", "policies")}, revision <code>{view.revision.slice(0, 8)}</code></>}
      actions={view !== undefined && view.rows.length > 0 && (
        <TextInput
          ref={input} type="search" aria-label="Search policies" placeholder="Search" value={search} className={classes.search}
          onChange={(event) => { setSearch(event.currentTarget.value); }} data-testid="policy-search"
        />
      )}
    >
      {error !== null && (
        <Failure what="The policies could not be read. Those in force stay in force." error={error} onRetry={() => void refetch()} />
      )}
      {view === undefined && error === null && <Pending what="the policies" />}
      {view?.problem !== null && view !== undefined && (
        <Notice tone="deny" title={<Prose text={sentence(view.problem.message)} />} alert testId="policies-problem">
          {sentence(view.problem.hint)}
        </Notice>
      )}
      {view?.waiting != null && <WaitingPanel key={view.waiting.hash} change={view.waiting} />}
      {setMode.error !== null && <Failure what="The policy was not changed. It stays as it was." error={setMode.error} />}
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
          : <List view={view} search={search} busy={setMode.isPending ? setMode.variables.id : null} onMode={change} />
      )}
    </Page>
  );
}

function List({ view, search, busy, onMode }: {
  view: PoliciesView;
  search: string;
  /** The policy being changed. */
  busy: string | null;
  onMode: (policy: PolicyRow, to: PolicyMode) => void;
}) {
  const found = view.rows.filter((row) => matches(row, search));
  return (
    <>
      <ul className={classes.list} aria-label="Policies">
        {found.map((row) => (
          <li key={row.id} className={classes.item}>
            <PolicyItem policy={row} busy={busy === row.id} onMode={(to) => { onMode(row, to); }} />
          </li>
        ))}
        {found.length === 0 && (
          <li className={classes.none}>No policy matches. Search looks in name, description, id, tools and condition.</li>
        )}
      </ul>
      <p className="faint small">
        A call that no policy decides is <Prose text={sentence(view.default_action, false)} /> The order of the list
        does not matter: deny goes first, then every approval and step-up that applies, together.
      </p>
    </>
  );
}

function NoPolicies({ home }: { home: string | null }) {
  return (
    <Empty title="There are no policies" testId="empty-policies">
      <p>
        Put a policy file into
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
