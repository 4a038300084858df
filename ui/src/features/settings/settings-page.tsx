/** Settings: what each does, what is in force, and from when on. Rust says what a value may be. */
import { Button, NativeSelect, SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { Pending } from "@/components/pending";
import type { IpcFailure } from "@/ipc/host";
import { agentsQuery, settingsQuery, useCommand } from "@/ipc/queries";
import type { SettingChange, SettingSaved, SettingsView } from "@/ipc/schema";
import { setDensity, useDensity } from "@/lib/density";
import { lengthOf } from "@/lib/time";
import { Log } from "./log";
import { NumberRow } from "./number-row";
import { Group, Row } from "./row";
import classes from "./settings-page.module.css";

type Save = (change: SettingChange) => void;
type Last = { saved: SettingSaved; undone: boolean };

export function SettingsPage() {
  const settings = useQuery(settingsQuery);
  const change = useCommand("change_setting", ["overview", "policies"]);
  const [last, setLast] = useState<Last | null>(null);
  const [logOpen, setLogOpen] = useState(false);
  const save = (wanted: SettingChange, undone = false): void => {
    if (change.isPending) return;
    setLast(null);
    change.mutate(wanted, { onSuccess: (saved) => { setLast({ saved, undone }); } });
  };
  return (
    <Page title="Settings">
      {settings.error !== null && (
        <Failure what="The settings could not be read. The gateway goes on with those of its start." error={settings.error} onRetry={() => void settings.refetch()} />
      )}
      {settings.isPending && <Pending what="the settings" />}
      <div role="status" aria-live="polite">
        {change.isPending && <Pending verb="Waiting for" what="the disk, or for your passkey in the browser" />}
        {last !== null && (
          <Notice
            tone="allow" title={last.undone ? "Taken back." : last.saved.message} testId="saved"
            actions={!last.undone && <Button size="xs" disabled={change.isPending} onClick={() => { save(last.saved.undo, true); }} data-testid="undo">Undo</Button>}
          />
        )}
      </div>
      {settings.data !== undefined && settings.data.at_next_start.length > 0 && (
        <Notice tone="hold" title="From the next start of Doorward on" testId="at-next-start">
          {settings.data.at_next_start.map((line) => <p key={line}>{line}</p>)}
          <p>Quit it from the tray and start it again when no call is on its way. Holds are kept.</p>
        </Notice>
      )}
      {settings.data !== undefined && (
        <>
          <Calls view={settings.data} busy={change.isPending} error={errorOf(change, "default_action")} onSave={save} />
          <History view={settings.data} busy={change.isPending} error={errorOf(change, "retention", "full_results")} onSave={save} />
          <ForAgents view={settings.data} busy={change.isPending} error={errorOf(change, "port", "show_denied_tools")} onSave={save} />
          <ThisWindow />
          <ThisComputer view={settings.data} busy={change.isPending} error={errorOf(change, "autostart")} onSave={save} onLog={() => { setLogOpen(true); }} />
        </>
      )}
      {logOpen && <Log onClose={() => { setLogOpen(false); }} />}
    </Page>
  );
}

type Changing = { error: IpcFailure | null; variables: SettingChange | undefined };

/** Beside the setting that it is about. */
function errorOf({ error, variables }: Changing, ...kinds: SettingChange["kind"][]): IpcFailure | null {
  return variables !== undefined && kinds.includes(variables.kind) ? error : null;
}

function NotSaved({ error }: { error: IpcFailure | null }) {
  return error === null ? null : <Failure what="It was not saved. What was set before counts." error={error} />;
}

/** `busy`: a change is under way, and no other can begin. */
type GroupProps = { view: SettingsView; busy: boolean; error: IpcFailure | null; onSave: Save };

const DEFAULTS = [
  { value: "allow", label: "Allow it" }, { value: "request_approval", label: "Hold it for a person" }, { value: "deny", label: "Deny it" },
] as const;

function Calls({ view, busy, error, onSave }: GroupProps) {
  return (
    <Group title="Calls">
      <Row
        name="A call that no policy decides" id="default-action" labels
        words="Policies come first. A looser default asks for your passkey once you have one."
      >
        <NativeSelect
          id="default-action" aria-describedby="default-action-words" value={view.default_action} data={[...DEFAULTS]} disabled={busy} data-testid="default-action"
          onChange={(event) => {
            const chosen = DEFAULTS.find(({ value }) => value === event.currentTarget.value);
            if (chosen === undefined) return;
            onSave({ kind: "default_action", action: chosen.value, flow: chosen.value === "request_approval" ? view.flows[0]?.id ?? null : null });
          }}
        />
      </Row>
      {view.default_action === "request_approval" && (
        <Row name="Who is asked then" id="default-flow" labels words="An approval flow: who may vote, how many are needed, how long they have.">
          <NativeSelect
            id="default-flow" aria-describedby="default-flow-words" value={view.default_flow ?? ""} disabled={busy} data-testid="default-flow"
            data={view.flows.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={(event) => { onSave({ kind: "default_action", action: "request_approval", flow: event.currentTarget.value }); }}
          />
        </Row>
      )}
      <NotSaved error={error} />
    </Group>
  );
}

function History({ view, busy, error, onSave }: GroupProps) {
  const { keep_days, keep_mb } = view;
  return (
    <Group title="History">
      <NumberRow
        name="Keep it for" unit="days" id="keep-days" busy={busy} value={keep_days} onSave={(days) => { onSave({ kind: "retention", keep_days: days, keep_mb }); }}
        words="Older calls are taken out of the journal, within the hour and for good. Keeping less asks for your passkey once you have one."
      />
      <NumberRow
        name="Keep at most" unit="MB" id="keep-mb" busy={busy} value={keep_mb} onSave={(mb) => { onSave({ kind: "retention", keep_days, keep_mb: mb }); }}
        words="Beyond this the oldest calls go, however young they are."
      />
      <Row name="Answers of tools" id="full-results" words="In full, without what is marked secret, or only their size and hash.">
        <SegmentedControl
          aria-label="Answers of tools" value={view.full_results ? "full" : "size"} disabled={busy} data-testid="full-results"
          data={[{ value: "size", label: "Size and hash" }, { value: "full", label: "In full" }]}
          onChange={(wish) => { onSave({ kind: "full_results", on: wish === "full" }); }}
        />
      </Row>
      <NotSaved error={error} />
    </Group>
  );
}

function ForAgents({ view, busy, error, onSave }: GroupProps) {
  const { data } = useQuery(agentsQuery);
  const own = data?.agents.filter(({ wait_limit }) => wait_limit !== null) ?? [];
  return (
    <Group title="Agents">
      <NumberRow
        name="Port" unit="" id="port" busy={busy} value={view.port} onSave={(port) => { onSave({ kind: "port", port }); }}
        words={(
          <>
            Where agents connect on this machine, now <code>{view.address}</code>. Agents that know the old port have to be
            told the new one.
          </>
        )}
      />
      <Row name="Tools that are denied whatever the arguments" id="denied-tools" words="Hidden from the lists that agents get, or shown in them and refused when called.">
        <SegmentedControl
          aria-label="Denied tools" value={view.show_denied_tools ? "show" : "hide"} disabled={busy} data-testid="denied-tools"
          data={[{ value: "hide", label: "Hide" }, { value: "show", label: "Show" }]}
          onChange={(wish) => { onSave({ kind: "show_denied_tools", on: wish === "show" }); }}
        />
      </Row>
      <Row
        name="Wait limits" id="wait-limits"
        words={own.length === 0
          ? "How long an agent is kept waiting for a held call. Each waits as long as its program allows."
          : own.map(({ name, wait_limit }) => `${name} waits ${lengthOf(wait_limit ?? 0)}`).join(", ")}
      >
        <Button component={Link} to="/agents" data-testid="to-wait-limits">Set them at Agents</Button>
      </Row>
      <NotSaved error={error} />
    </Group>
  );
}

function ThisWindow() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const density = useDensity();
  return (
    <Group title="This window">
      <Row name="Light or dark" id="scheme">
        <SegmentedControl
          aria-label="Light or dark" value={colorScheme} onChange={setColorScheme} data-testid="scheme"
          data={[{ value: "auto", label: "As the system" }, { value: "light", label: "Light" }, { value: "dark", label: "Dark" }]}
        />
      </Row>
      <Row name="Lines" id="density" words="Closer lines show more at once.">
        <SegmentedControl
          aria-label="Lines" value={density} onChange={(wish) => { setDensity(wish === "close" ? "close" : "roomy"); }} data-testid="density"
          data={[{ value: "roomy", label: "Roomy" }, { value: "close", label: "Close" }]}
        />
      </Row>
    </Group>
  );
}

function ThisComputer({ view, busy, error, onSave, onLog }: GroupProps & { onLog: () => void }) {
  return (
    <Group title="This computer">
      {view.autostart === null
        ? <Row name="Start with your session" id="autostart" words="Add Doorward to the programs that start with your session, in the settings of your system." />
        : (
          <Row name="Start with your session" id="autostart" words="In the tray, without the window. While Doorward does not run, its agents reach no tools.">
            <SegmentedControl
              aria-label="Start with your session" value={view.autostart ? "on" : "off"} disabled={busy} data-testid="autostart"
              data={[{ value: "off", label: "Off" }, { value: "on", label: "On" }]}
              onChange={(wish) => { onSave({ kind: "autostart", on: wish === "on" }); }}
            />
          </Row>
        )}
      <NotSaved error={error} />
      <Row name="Home folder" id="home" words="Everything Doorward keeps. Only you can open it."><code className={classes.path}><Marked text={view.home} /></code></Row>
      <Row name="Log" id="log" words="What Doorward noted about itself, for whoever looks for a fault. Arguments and secrets are not in it.">
        <Button onClick={onLog} data-testid="open-log">Open the log</Button>
      </Row>
    </Group>
  );
}
