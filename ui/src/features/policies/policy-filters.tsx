/** Narrows the list of policies: words, action, state; and which parts of each are shown. */
import { Button, Menu, NativeSelect } from "@mantine/core";
import type { PolicyAction, PolicyMode, PolicyRow } from "@/ipc/schema";

export type Filter = { action: PolicyAction | ""; mode: PolicyMode | ""; tool: string };
export const NO_FILTER: Filter = { action: "", mode: "", tool: "" };

const PARTS = [["description", "Description"], ["sentence", "Sentence"], ["targeting", "Targeting"], ["condition", "Condition"], ["history", "Last 30 days"]] as const;
export type Part = typeof PARTS[number][0];
const ALL_PARTS: ReadonlySet<Part> = new Set(PARTS.map(([part]) => part));

const KEPT = "doorward-policy-columns";

/** As they were chosen last on this desk. */
export function keptParts(): ReadonlySet<Part> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return Array.isArray(kept) ? new Set([...ALL_PARTS].filter((part) => kept.includes(part))) : ALL_PARTS;
  } catch {
    return ALL_PARTS;
  }
}

export function keepParts(parts: ReadonlySet<Part>): void {
  try { localStorage.setItem(KEPT, JSON.stringify([...parts])); } catch { /* Without storage all are shown next time. */ }
}

const ACTIONS: readonly { value: Filter["action"]; label: string }[] = [
  { value: "", label: "Every action" }, { value: "deny", label: "Deny" }, { value: "request_approval", label: "Ask for approval" },
  { value: "step_up", label: "Step up" }, { value: "allow", label: "Allow" },
];
const MODES: readonly { value: Filter["mode"]; label: string }[] = [
  { value: "", label: "Every state" }, { value: "enforce", label: "Enforced" }, { value: "observe", label: "Observed" }, { value: "off", label: "Off" },
];

export function PolicyFilters({ rows, filter, parts, onFilter, onParts }: {
  rows: readonly PolicyRow[];
  filter: Filter;
  parts: ReadonlySet<Part>;
  onFilter: (filter: Filter) => void;
  onParts: (parts: ReadonlySet<Part>) => void;
}) {
  const tools = [...new Set(rows.flatMap((row) => row.tools))].sort();
  return (
    <>
      <NativeSelect
        aria-label="Action" data={[...ACTIONS]} value={filter.action} data-testid="filter-action"
        onChange={(event) => { onFilter({ ...filter, action: ACTIONS.find(({ value }) => value === event.currentTarget.value)?.value ?? "" }); }}
      />
      <NativeSelect
        aria-label="State" data={[...MODES]} value={filter.mode} data-testid="filter-mode"
        onChange={(event) => { onFilter({ ...filter, mode: MODES.find(({ value }) => value === event.currentTarget.value)?.value ?? "" }); }}
      />
      <NativeSelect
        aria-label="Tool" data={[{ value: "", label: "Every tool" }, ...tools]} value={filter.tool} data-testid="filter-tool" style={{ maxWidth: 200 }}
        onChange={(event) => { onFilter({ ...filter, tool: event.currentTarget.value }); }}
      />
      <Menu closeOnItemClick={false} withinPortal>
        <Menu.Target><Button data-testid="columns">Columns</Button></Menu.Target>
        <Menu.Dropdown>
          {PARTS.map(([part, label]) => (
            <Menu.CheckboxItem
              key={part} checked={parts.has(part)}
              onChange={() => {
                const next = new Set(parts);
                if (!next.delete(part)) next.add(part);
                onParts(next);
              }}
            >
              {label}
            </Menu.CheckboxItem>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

export function passes(row: PolicyRow, { action, mode, tool }: Filter): boolean {
  return (action === "" || row.action === action) && (mode === "" || row.mode === mode) && (tool === "" || row.tools.includes(tool));
}
