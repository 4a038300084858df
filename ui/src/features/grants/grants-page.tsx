/** Standing permissions: what may go without asking, since when, how often it did, until when; each can be taken back. */
import { useQuery } from "@tanstack/react-query";
import { Empty } from "@/components/empty";
import { Failure } from "@/components/failure";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { grantsQuery, useCommand } from "@/ipc/queries";
import type { GrantRow } from "@/ipc/schema";
import { count, plural } from "@/lib/words";
import { GrantItem } from "./grant-item";
import classes from "./grants-page.module.css";

export function GrantsPage() {
  const { data: grants, error, refetch } = useQuery(grantsQuery);
  const inForce = grants?.filter(({ state }) => state === "in_force") ?? [];
  const ended = grants?.filter(({ state }) => state !== "in_force") ?? [];
  return (
    <Page title="Grants" note={grants === undefined ? undefined : `${count(inForce.length)} in force`}>
      {error !== null && <Failure what="The grants could not be read. They are kept." error={error} onRetry={() => void refetch()} />}
      {grants === undefined && error === null && <Pending what="the grants" />}
      {grants?.length === 0 && (
        <Empty title="Nothing was granted" testId="empty-grants">
          <p>
            Where a call waits and its flow allows it, “Grant…” approves it and lets calls like it go for a while without asking
            again. What was granted is listed here, and can be revoked.
          </p>
        </Empty>
      )}
      <Grants title="In force" grants={inForce} none={ended.length > 0 ? "No grant is in force. Every call that has to be approved waits for you." : ""} />
      <Grants title={`Ended, ${plural(ended.length, "grant")}`} grants={ended} none="" />
    </Page>
  );
}

function Grants({ title, grants, none }: { title: string; grants: readonly GrantRow[]; none: string }) {
  const revoke = useCommand("revoke_grant", ["grants"]);
  if (grants.length === 0) return none === "" ? null : <p className="muted">{none}</p>;
  return (
    <section aria-label={title}>
      <h2 className={classes.title}>{title}</h2>
      {revoke.error !== null && <div className={classes.failure}><Failure what="It was not revoked." error={revoke.error} /></div>}
      <ul className={classes.list}>
        {grants.map((grant) => (
          <li key={grant.id}>
            <GrantItem
              grant={grant} busy={revoke.isPending}
              onRevoke={() => { revoke.mutate({ id: grant.id }); }}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
