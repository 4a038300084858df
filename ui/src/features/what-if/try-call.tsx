/** A call that nobody made: filled in by its tool's own parameters or pasted as JSON, and what would become of it. */
import { Button, SegmentedControl, Select, Textarea } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Failure } from "@/components/failure";
import { call } from "@/ipc/host";
import { catalogueQuery } from "@/ipc/queries";
import type { Draft } from "@/ipc/schema";
import { CallForm } from "./call-form";
import { filledIn, parametersOf, written, type Values } from "./call-values";
import { Outcome } from "./outcome";
import classes from "./what-if.module.css";

/** `draft` is judged as if it were saved; without one, the set in force. */
export function TryCall({ draft, tools }: { draft: Draft | null; tools: readonly string[] }) {
  const { data: all } = useQuery(catalogueQuery(tools));
  const [chosen, setTool] = useState<string | null>(null);
  const tool = chosen ?? all?.tools.find((one) => one.chosen)?.id ?? all?.tools[0]?.id ?? null;
  const { data: own } = useQuery({
    ...catalogueQuery(tool === null ? [] : [tool]), placeholderData: keepPreviousData, enabled: tool !== null,
  });
  const [agentChosen, setAgent] = useState<string | null>(null);
  const agent = agentChosen ?? all?.agents[0]?.id ?? null;
  const [user, setUser] = useState<string | null>(null);
  const [at, setAt] = useState("");
  const [by, setBy] = useState<"form" | "json">("form");
  const [values, setValues] = useState<Record<string, Values>>({});
  const [pasted, setPasted] = useState<string | null>(null);
  const parameters = own === undefined ? [] : parametersOf(own.attributes);
  const current: Values = (tool === null ? undefined : values[tool]) ?? filledIn(parameters);
  const text = by === "json" && pasted !== null ? pasted : written(parameters, current);
  const moment = at === "" ? null : new Date(at).getTime();
  const asked = { draft, tool: tool ?? "", agent: agent ?? "", user, arguments: text, at: moment };
  const attempt = useMutation({ mutationFn: (request: typeof asked) => call("what_if", request) });
  const isOld = JSON.stringify(attempt.variables) !== JSON.stringify(asked);
  const isNowhere = all !== undefined && all.tools.length === 0;
  return (
    <form
      className={classes.try}
      onSubmit={(event) => { event.preventDefault(); if (tool !== null && agent !== null) attempt.mutate(asked); }}
    >
      <div className={classes.who}>
        <Select label="Tool" data={(all?.tools ?? []).map(({ id }) => id)} value={tool} onChange={(next) => { setTool(next); setPasted(null); attempt.reset(); }} searchable allowDeselect={false} limit={60} data-testid="try-tool" />
        <Select label="Agent" data={(all?.agents ?? []).map(({ id }) => id)} value={agent} onChange={setAgent} allowDeselect={false} />
        <Select label="For" data={(all?.users ?? []).map(({ id, name }) => ({ value: id, label: name }))} value={user} onChange={setUser} placeholder="the agent’s own user" clearable data-testid="try-user" />
        <label className={classes.when}>
          <span>At</span>
          <input type="datetime-local" value={at} onChange={(event) => { setAt(event.currentTarget.value); }} />
        </label>
      </div>
      {isNowhere && <p className="muted">No upstream has listed a tool yet. Add one under Upstreams.</p>}
      <SegmentedControl
        size="xs" aria-label="How the arguments are given" value={by} data={[{ value: "form", label: "Fill in" }, { value: "json", label: "Paste JSON" }]} className={classes.by}
        onChange={(next) => { setBy(next === "json" ? "json" : "form"); if (next === "json" && pasted === null) setPasted(text); }} data-testid="try-by"
      />
      {by === "form"
        ? (
          <CallForm
            parameters={parameters} values={current}
            onChange={(next) => { if (tool !== null) setValues({ ...values, [tool]: next }); setPasted(null); }}
          />
        )
        : <Textarea label="Arguments, as JSON" value={text} onChange={(event) => { setPasted(event.currentTarget.value); }} autosize minRows={5} maxRows={14} classNames={{ input: classes.mono }} data-testid="try-arguments" />}
      <div className={classes.buttons}>
        <Button type="submit" variant="filled" disabled={attempt.isPending || tool === null || agent === null} data-testid="try-now">Try it</Button>
      </div>
      {attempt.error !== null && !isOld && <Failure what="The call could not be tried." error={attempt.error} />}
      {attempt.data !== undefined && !isOld && <Outcome what={attempt.data} />}
      {attempt.data !== undefined && isOld && <p className="muted" role="status" data-testid="try-changed">The call is another one now. Try it again.</p>}
    </form>
  );
}
