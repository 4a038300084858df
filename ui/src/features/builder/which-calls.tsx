/** The first question: which calls. Empty means all; within one line any entry fits. */
import { TagsInput } from "@mantine/core";
import { memo } from "react";
import { Marked } from "@/components/marked";
import { Prose } from "@/components/prose";
import type { Catalogue, Choice, Draft } from "@/ipc/schema";
import { plural } from "@/lib/words";
import classes from "./builder.module.css";
import type { Editing } from "./use-draft";

const LINES = [
  { field: "roles", label: "Roles", all: "anyone's role" },
  { field: "users", label: "Users", all: "anyone" },
  { field: "agents", label: "Agents", all: "any agent" },
  { field: "contexts", label: "While", all: "always" },
] as const;

type Props = { draft: Draft; edit: Editing["edit"]; catalogue: Catalogue | undefined };

/** Drawn anew only where what it shows has changed: typing elsewhere waits for none of it. */
export const WhichCalls = memo(Lines, (before, now) => before.edit === now.edit && before.catalogue === now.catalogue
  && before.draft.tools === now.draft.tools && LINES.every(({ field }) => before.draft[field] === now.draft[field]));

function Lines({ draft, edit, catalogue }: Props) {
  const tools = catalogue?.tools ?? [];
  const known = new Map(tools.map((tool) => [tool.id, tool]));
  const patterns = [...new Set(tools.map(({ upstream }) => `${upstream}/*`))];
  return (
    <section className={classes.panel} aria-labelledby="which-calls">
      <header className={classes.panelHead}>
        <h2 id="which-calls" className={classes.question}>Which calls</h2>
        <span className="faint small">{catalogue !== undefined && scope(draft, catalogue)}</span>
      </header>
      <TagsInput
        label="Tools" placeholder={draft.tools.length === 0 ? "every tool; choose, or type a pattern like crm/*" : ""} value={draft.tools}
        data={[{ group: "Tools", items: tools.map(({ id }) => id) }, { group: "All of an upstream", items: patterns }]} limit={60}
        onChange={(next) => { edit("tools", { tools: next }); }} data-testid="draft-tools" clearable
        maxDropdownHeight={300} comboboxProps={{ withinPortal: true }}
        renderOption={({ option }) => {
          const tool = known.get(option.value);
          return (
            <div className={classes.option}>
              <span>
                <code><Marked text={option.value} /></code>{" "}
                {tool?.claims.map((claim) => <span key={claim} className={classes.claim}>{claim}</span>)}
              </span>
              {tool !== undefined && (tool.description ?? tool.title) !== null && <span className="faint small"><Marked text={firstLine(tool.description ?? tool.title ?? "")} /></span>}
            </div>
          );
        }}
      />
      <div className={classes.lines}>
        {LINES.map(({ field, label, all }) => {
          const choices: readonly Choice[] = catalogue?.[field] ?? [];
          const words = new Map(choices.map((choice) => [choice.id, choice]));
          return (
            <TagsInput
              key={field} label={label} placeholder={draft[field].length === 0 ? all : ""} value={draft[field]} data={choices.map(({ id }) => id)} limit={60}
              onChange={(next) => { edit(field, { [field]: next }); }} data-testid={`draft-${field}`}
              renderOption={({ option }) => {
                const choice = words.get(option.value);
                return (
                  <div className={classes.option}>
                    <span>{choice?.name ?? option.value}</span>
                    {choice !== undefined && choice.words !== "" && <span className="faint small">{choice.words}</span>}
                  </div>
                );
              }}
            />
          );
        })}
      </div>
      {catalogue?.problems.map(({ message, hint }) => <p key={message} className={classes.warn}><Prose text={`${message} ${hint}`} /></p>)}
    </section>
  );
}

function scope(draft: Draft, { matched, tools }: Catalogue): string {
  const which = draft.tools.length === 0 ? `all ${plural(tools.length, "tool")}` : `${matched} of ${plural(tools.length, "tool")}`;
  return which;
}

const firstLine = (text: string): string => {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > 90 ? `${line.slice(0, 90)}…` : line;
};
