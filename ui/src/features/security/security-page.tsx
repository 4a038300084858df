/** What guards the door: who has enrolled which passkey, and how their record stands. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { Empty } from "@/components/empty";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import { overviewQuery, securityQuery, useCommand } from "@/ipc/queries";
import type { CeremonyStarted, PasskeyRow } from "@/ipc/schema";
import { plural, sentence } from "@/lib/words";
import { Backup } from "./backup";
import { EnrolPasskey } from "./enrol-passkey";
import { LostPasskeys } from "./lost-passkeys";
import { PasskeyItem } from "./passkey-item";
import { Passphrase } from "./passphrase";
import { RenamePasskey } from "./rename-passkey";
import classes from "./security-page.module.css";
import { WaitingPage } from "./waiting-page";

type Asked = { passkey: PasskeyRow; what: "remove" | "rename" };

export function SecurityPage() {
  const { data: view, error, refetch } = useQuery(securityQuery);
  const { data: overview } = useQuery(overviewQuery);
  const [enrolling, setEnrolling] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [waiting, setWaiting] = useState<{ ceremony: CeremonyStarted; passkeys: number } | null>(null);
  const close = (): void => { setAsked(null); };
  const wait = (ceremony: CeremonyStarted | null): void => {
    setWaiting(ceremony === null ? null : { ceremony, passkeys: view?.passkeys.length ?? 0 });
  };
  const usable = view !== undefined && view.problem === null;
  return (
    <Page
      title="Security"
      note={usable && view.passkeys.length > 0 ? plural(view.passkeys.length, "passkey") : undefined}
      actions={(
        <Button variant="filled" disabled={!usable} onClick={() => { setEnrolling(true); }} data-testid="enrol">
          Enrol a passkey
        </Button>
      )}
    >
      {error !== null && <Failure what="The passkeys could not be read. They are kept." error={error} onRetry={() => void refetch()} />}
      {view === undefined && error === null && <Pending what="the passkeys" />}
      {view?.problem != null && (
        <Notice tone="deny" alert title="Passkeys count for nothing now" testId="passkeys-problem">
          {sentence(view.problem.message ?? "")} {sentence(view.problem.hint ?? "")}
        </Notice>
      )}
      {view?.reset != null && <LostPasskeys reset={view.reset} />}
      {/* Once one came or went, the page was used. */}
      {waiting !== null && waiting.passkeys === view?.passkeys.length && (
        <WaitingPage ceremony={waiting.ceremony} onDone={() => { setWaiting(null); }} />
      )}
      {usable && view.passkeys.length === 0 && (
        <Empty title="No passkey is enrolled" testId="empty-passkeys">
          <p>
            With a passkey you prove in your browser that it is you, with a fingerprint, a face or a PIN. Until one is
            enrolled, {view.passphrase.set ? "calls that need a passkey" : "calls that need a step-up"} are refused, and any
            click in this window can change your policies.
          </p>
        </Empty>
      )}
      {usable && view.passkeys.length > 0 && (
        <ul className={classes.list} aria-label="Passkeys">
          {view.passkeys.map((passkey) => (
            <li key={passkey.id}>
              <PasskeyItem passkey={passkey} onAsk={(what) => { setAsked({ passkey, what }); }} />
            </li>
          ))}
        </ul>
      )}
      {usable && <Passphrase state={view.passphrase} passkeys={view.passkeys.length} />}
      {overview !== undefined && (
        <section className={classes.part} aria-label="Keychain" data-testid="keychain">
          <h2>Keychain</h2>
          <p>
            {overview.keychain.ok && overview.keychain.message === null
              ? "The root key of this home is in your system’s keychain. What Doorward records is sealed with it."
              : `${sentence(overview.keychain.message ?? "")} ${sentence(overview.keychain.hint ?? "")}`}
          </p>
        </section>
      )}
      {overview !== undefined && <Backup passkeys={view?.passkeys.length ?? 0} kept={overview.keychain.ok} />}
      {view !== undefined && view.reset === null && (view.passkeys.length > 0 || view.problem !== null) && (
        <LostPasskeys reset={null} />
      )}
      {enrolling && view !== undefined && (
        <EnrolPasskey
          people={view.people} first={view.passkeys.length === 0} asksPassphrase={view.passphrase.set && view.passkeys.length === 0}
          onClose={() => { setEnrolling(false); }}
          onStarted={(ceremony) => { setEnrolling(false); wait(ceremony); }}
        />
      )}
      {asked?.what === "remove" && <Remove passkey={asked.passkey} onClose={close} onAsks={wait} />}
      {asked?.what === "rename" && <RenamePasskey passkey={asked.passkey} onClose={close} />}
    </Page>
  );
}

function Remove({ passkey, onClose, onAsks }: {
  passkey: PasskeyRow;
  onClose: () => void;
  onAsks: (ceremony: CeremonyStarted | null) => void;
}) {
  const remove = useCommand("remove_passkey", ["security", "overview"]);
  return (
    <Confirm
      opened title={`Remove ${passkey.name}?`} action={passkey.last ? "Use it one last time" : `Remove ${passkey.name}`}
      busy={remove.isPending} onCancel={onClose}
      onConfirm={() => {
        remove.mutate({ id: passkey.id, name: null }, { onSuccess: ({ ceremony }) => { onAsks(ceremony); onClose(); } });
      }}
      error={remove.error !== null && <Failure what="It was not removed." error={remove.error} />}
    >
      <p>
        {passkey.last
          ? "It is the last one. Your browser asks for it once more; afterwards calls that need a passkey are refused, and policies can be loosened without one."
          : "It proves nothing from now on. What it proved before stays on record."}
      </p>
    </Confirm>
  );
}
