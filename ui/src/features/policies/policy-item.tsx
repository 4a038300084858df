/** One policy: name, what it asks for, which calls, when; and the switch. */
import { Button, Menu, SegmentedControl, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Ago } from "@/components/ago";
import { Marked } from "@/components/marked";
import { Prose } from "@/components/prose";
import { Tag, type Tone } from "@/components/tag";
import { removalQuery } from "@/ipc/queries";
import type { PolicyAction, PolicyMode, PolicyRow } from "@/ipc/schema";
import { useSettledValue } from "@/lib/use-settled-value";
import { count, phrase, sentence } from "@/lib/words";
import type { Part } from "./policy-filters";
import classes from "./policy-item.module.css";

const ACTIONS: Record<PolicyAction, { word: string; tone: Tone }> = {
  deny: { word: "Deny", tone: "deny" },
  request_approval: { word: "Ask for approval", tone: "hold" },
  step_up: { word: "Step up", tone: "step" },
  allow: { word: "Allow", tone: "allow" },
};

const MODES: readonly { value: PolicyMode; label: string }[] = [
  { value: "enforce", label: "Enforce" },
  { value: "observe", label: "Observe" },
  { value: "off", label: "Off" },
];

const NOW: Record<PolicyMode, string> = {
  enforce: "is enforced from the next call on",
  observe: "is only observed: what it would have done is recorded, calls are not stopped by it",
  off: "is off: calls are decided without it",
};

/** What takes longer than this waits for a person. */
const SAID_AFTER = 500;

export function PolicyItem({ policy, parts, busy, onMode, onDelete }: {
  policy: PolicyRow;
  parts: ReadonlySet<Part>;
  /** Its mode is being changed, or it is being removed. */
  busy: boolean;
  onMode: (to: PolicyMode) => void;
  onDelete: () => void;
}) {
  const { word, tone } = ACTIONS[policy.action];
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const waits = useSettledValue(busy, SAID_AFTER) && busy;
  const { data: proof } = useQuery({ ...removalQuery(policy.id), enabled: open });
  const others = [
    ...policy.users.map((user) => `user ${user}`), ...policy.agents.map((agent) => `agent ${agent}`),
    ...policy.contexts.map((context) => `while ${context}`),
  ];
  return (
    <article className={classes.policy} aria-label={policy.name} data-mode={policy.mode} data-testid="policy-row" data-policy={policy.id}>
      <div className={classes.words}>
        <div className={classes.head}>
          <Link to="/builder" search={{ id: policy.id }} className={classes.name} data-testid={`edit-${policy.id}`}>
            <Marked text={phrase(policy.name)} />
          </Link>
          <Tag tone={tone}>{word}</Tag>
        </div>
        {parts.has("description") && policy.description !== "" && <p className="muted"><Marked text={sentence(policy.description)} /></p>}
        {parts.has("sentence") && policy.sentence !== "" && <p className={classes.sentence}><Prose text={sentence(policy.sentence)} /></p>}
        <ul className={classes.scope} aria-label="Which calls">
          {policy.tools.length === 0 && <li>every tool</li>}
          {policy.tools.map((tool) => <li key={tool}><code><Marked text={tool} /></code></li>)}
          {parts.has("targeting") && policy.roles.map((role) => <li key={role}>role <Marked text={role} /></li>)}
          {parts.has("targeting") && others.map((other) => <li key={other}><Marked text={other} /></li>)}
        </ul>
        {parts.has("condition") && policy.condition !== null && <code className={classes.condition}><Marked text={policy.condition} /></code>}
      </div>
      <div className={classes.side}>
        <SegmentedControl
          size="xs" value={policy.mode} data={[...MODES]} disabled={busy} aria-label={`Mode of ${policy.name}`}
          onChange={(mode) => { if (isMode(mode)) onMode(mode); }} data-testid={`mode-${policy.id}`}
        />
        <Menu position="bottom-end" withinPortal opened={open} onChange={setOpen}>
          <Menu.Target>
            <UnstyledButton className={classes.more} aria-label={`More for ${policy.name}`} disabled={busy} data-testid={`more-${policy.id}`}>More</UnstyledButton>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => { void navigate({ to: "/builder", search: { id: policy.id } }); }}>Edit</Menu.Item>
            <Menu.Item onClick={() => { void navigate({ to: "/builder", search: { copy: policy.id } }); }} data-testid={`duplicate-${policy.id}`}>Duplicate</Menu.Item>
            <Menu.Item onClick={onDelete} data-testid={`delete-${policy.id}`}>{proof !== undefined && proof.reasons.length > 0 ? "Delete, needs your passkey" : "Delete"}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        {waits && <span className={classes.waits} role="status" data-testid="waits">Not changed yet. If your browser asks for your passkey, use it there.</span>}
        {parts.has("history") && (
          <span className={classes.count}>
            {appliedWords(policy.applied_30_days, policy.mode)}{policy.changed_at !== null && <>, changed <Ago at={policy.changed_at} precision="minute" /></>}
          </span>
        )}
      </div>
    </article>
  );
}

/** Says what a switch has done, and offers the way back. */
export function ModeChanged({ policy, to, busy, onUndo, onClose }: {
  policy: PolicyRow;
  to: PolicyMode;
  busy: boolean;
  onUndo: () => void;
  onClose: () => void;
}) {
  return (
    <div className={classes.changed} role="status" data-testid="mode-changed">
      <span><strong><Marked text={phrase(policy.name)} /></strong> {NOW[to]}.</span>
      <Button size="xs" onClick={onUndo} disabled={busy}>Undo</Button>
      <Button size="xs" variant="subtle" onClick={onClose}>Close</Button>
    </div>
  );
}

/** What is only observed would have applied. */
function appliedWords(times: number, mode: PolicyMode): string {
  const applied = mode === "observe" ? "would have applied" : "applied";
  if (times === 0) return mode === "observe" ? "would not have applied in 30 days" : "not applied in 30 days";
  return times === 1 ? `${applied} once in 30 days` : `${applied} ${count(times)} times in 30 days`;
}

function isMode(value: string): value is PolicyMode {
  return MODES.some((mode) => mode.value === value);
}
