/**
 * A grant made from this hold: which calls may go without asking again, narrowest first, and for how long. What it
 * means and which past calls it would have let go, Rust says before it is made.
 */
import { NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { ValueRow, ValueTable } from "@/components/value-table";
import type { GrantChoices, GrantOffer, GrantPreview, PastCall } from "@/ipc/schema";
import { moment } from "@/lib/time";
import { plural, sentence } from "@/lib/words";
import classes from "./grant-form.module.css";
import { boundOf, LASTINGS, USES, type Chosen } from "./grant-terms";

const OWN_DATE = "date";
const SHOWN = 10;

export function GrantForm({ offer, chosen, preview, error, onChoose }: {
  offer: GrantOffer;
  chosen: Chosen;
  preview: GrantPreview | undefined;
  error: Error | null;
  onChoose: (chosen: Chosen) => void;
}) {
  return (
    <section aria-label="What the grant lets go" data-testid="grant-form">
      <h2 className={classes.title}>Which calls may go without asking again</h2>
      <ValueTable label="Limits of the grant">
        {offer.scope.map((row) => (
          <ValueRow key={row.argument} name={row.argument} {...(row.title === null ? {} : { note: row.title })} testId="grant-row">
            <Limit row={row} chosen={chosen} onChoose={onChoose} />
          </ValueRow>
        ))}
        {offer.project !== null && (
          <ValueRow name="Folder" note="of the agent">
            <SegmentedControl
              aria-label="Folder of the agent" size="xs" value={chosen.project ? "this" : "any"} data-testid="grant-project"
              data={[{ value: "this", label: "Only this one" }, { value: "any", label: "Any" }]}
              onChange={(value) => { onChoose({ ...chosen, project: value === "this" }); }}
            />
            <span className={classes.beside}><Marked text={offer.project} /></span>
          </ValueRow>
        )}
        <ValueRow name="How long">
          <Lasting session={offer.session} chosen={chosen} onChoose={onChoose} />
        </ValueRow>
        <ValueRow name="How often">
          <NativeSelect
            aria-label="How often" value={String(chosen.uses)} data-testid="grant-uses" className={classes.select}
            data={USES.map(({ label, uses }) => ({ value: String(uses), label }))}
            onChange={(event) => {
              const { value } = event.currentTarget;
              onChoose({ ...chosen, uses: value === "null" ? null : Number(value) });
            }}
          />
        </ValueRow>
      </ValueTable>
      {error !== null && <div className={classes.preview}><Failure what="This grant cannot be made." error={error} /></div>}
      {preview !== undefined && <Preview preview={preview} />}
    </section>
  );
}

function Limit({ row, chosen, onChoose }: { row: GrantChoices; chosen: Chosen; onChoose: (chosen: Chosen) => void }) {
  const at = chosen.scope.get(row.argument)?.choice ?? 0;
  const bound = boundOf(row, chosen);
  const choose = (choice: number, value: string | null): void => {
    onChoose({ ...chosen, scope: new Map(chosen.scope).set(row.argument, { choice, value }) });
  };
  return (
    <div className={classes.limit}>
      <NativeSelect
        aria-label={`Limit of ${row.argument}`} value={String(at)} data-testid={`limit-${row.argument}`}
        data={row.choices.map(({ words }, index) => ({ value: String(index), label: words }))}
        onChange={(event) => { choose(Number(event.currentTarget.value), null); }}
      />
      {row.choices[at]?.editable === true && bound !== null && (
        <TextInput
          aria-label={`Value of ${row.argument}`} classNames={{ input: classes.value }} value={bound.value ?? ""} spellCheck={false}
          autoComplete="off" data-testid={`limit-value-${row.argument}`}
          onChange={(event) => { choose(at, event.currentTarget.value); }}
        />
      )}
    </div>
  );
}

function Lasting({ session, chosen, onChoose }: { session: boolean; chosen: Chosen; onChoose: (chosen: Chosen) => void }) {
  const [opened] = useState(() => Date.now());
  const lastings = LASTINGS.filter((lasting) => session || !lasting.session);
  return (
    <div className={classes.limit}>
      <NativeSelect
        aria-label="How long" value={chosen.until === null ? chosen.lasting.label : OWN_DATE} data-testid="grant-lasting"
        data={[...lastings.map(({ label }) => ({ value: label, label })), { value: OWN_DATE, label: "Until a date…" }]}
        onChange={(event) => {
          const { value } = event.currentTarget;
          const lasting = lastings.find(({ label }) => label === value);
          if (lasting === undefined) onChoose({ ...chosen, until: opened + chosen.lasting.lasts });
          else onChoose({ ...chosen, lasting, until: null });
        }}
      />
      {chosen.until !== null && (
        <TextInput
          type="datetime-local" aria-label="Until" value={inField(chosen.until)} min={inField(opened)} data-testid="grant-until"
          onChange={(event) => {
            const until = new Date(event.currentTarget.value).getTime();
            if (Number.isFinite(until)) onChoose({ ...chosen, until });
          }}
        />
      )}
    </div>
  );
}

function Preview({ preview }: { preview: GrantPreview }) {
  const { covered, covered_calls: found, of_calls: all } = preview;
  return (
    <div className={classes.preview} data-testid="grant-preview">
      <p role="status">{preview.problem === null ? sentence(preview.sentence) : sentence(preview.problem)}</p>
      {preview.problem === null && preview.loosening && (
        <p className={classes.wide} data-testid="grant-loosening">
          Wider than this call, or longer than an hour: it loosens the policies, so it needs your passkey once you have one.
        </p>
      )}
      <h2 className={classes.title}>{pastWords(found, all)}</h2>
      {covered.length > 0 && (
        <ul className={classes.past} aria-label="Past calls that it would have let go">
          {covered.slice(0, SHOWN).map((call) => <Past key={call.seq} call={call} />)}
        </ul>
      )}
      {found > Math.min(covered.length, SHOWN) && <p className="faint small">and {found - Math.min(covered.length, SHOWN)} more</p>}
    </div>
  );
}

function Past({ call }: { call: PastCall }) {
  return (
    <li className={classes.call} data-testid="past-call">
      <time dateTime={new Date(call.at).toISOString()}>{moment(call.at)}</time>
      <span className={classes.summary}><Marked text={call.summary} /></span>
      <span>{call.outcome}</span>
    </li>
  );
}

function pastWords(found: number, all: number): string {
  if (all === 0) return "This agent has not called this tool before";
  return `It would have let go ${found} of the last ${plural(all, "call")} of this agent to this tool`;
}

/** As a `datetime-local` field has it: local time, to the minute. */
function inField(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
