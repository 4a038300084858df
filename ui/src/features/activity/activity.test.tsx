import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";
import { OUTCOME_NAMES, OUTCOMES } from "./outcomes";

describe("activity", () => {
  it("lists calls newest first, each outcome by word", async () => {
    openWindow("/activity", "full");
    const rows = await screen.findAllByTestId("activity-row");
    expect(rows).toHaveLength(14);
    expect(rows[0]).toHaveTextContent("Waiting");
    expect(rows[0]).toHaveTextContent("write_file");
    expect(rows.map((row) => row.dataset["outcome"])).toContain("unknown");
  });

  it("opens a call with its arguments, its policies and who decided by which means", async () => {
    const { user } = openWindow("/activity", "full");
    const rows = await screen.findAllByTestId("activity-row");
    await user.click(rows[3]!);
    const detail = screen.getByTestId("activity-detail");
    expect(detail).toHaveTextContent("Ana Ruiz, by notification");
    expect(detail).toHaveTextContent("Large expenses need finance");
    // Among its arguments, and as the value that the policy compared.
    expect(within(detail).getAllByText("640.00")).toHaveLength(2);
    expect(rows[3]).toHaveAttribute("aria-expanded", "true");
  });

  it("keeps its filters in the address and asks Rust to apply them", async () => {
    const { user, host, history } = openWindow("/activity", "full");
    await screen.findAllByTestId("activity-row");
    await user.selectOptions(screen.getByTestId("activity-outcome"), "denied");
    await waitFor(() => { expect(screen.getAllByTestId("activity-row")).toHaveLength(1); });
    await user.type(screen.getByTestId("activity-search"), "tilde");
    await waitFor(() => { expect(history.location.search).toBe("?text=tilde&outcome=denied"); });
    expect(host.sent.at(-1)).toEqual({
      name: "activity",
      body: {
        before: null, limit: 100, text: "tilde", outcome: "denied", agent: null, upstream: null, tool: null, policy: null, since: null, until: null,
      },
    });
  });

  it("filters by agent, upstream, tool, policy and days, says how many, and clears them all", async () => {
    const { user, host, history } = openWindow("/activity", "full");
    await screen.findAllByTestId("activity-row");
    expect(screen.queryByTestId("filters")).not.toBeInTheDocument();
    await user.click(screen.getByTestId("more-filters"));
    await user.selectOptions(screen.getByTestId("filter-agent"), "claude-code");
    await user.selectOptions(screen.getByTestId("filter-policy"), "large-expenses");
    await waitFor(() => { expect(screen.getAllByTestId("activity-row")).toHaveLength(3); });
    await user.type(screen.getByTestId("filter-tool"), "create_expense");
    await waitFor(() => { expect(screen.getAllByTestId("activity-row")).toHaveLength(2); });
    expect(history.location.search).toBe("?agent=claude-code&tool=create_expense&policy=large-expenses");
    expect(screen.getByTestId("more-filters")).toHaveTextContent("3 filters");
    await user.type(screen.getByTestId("filter-since"), "2031-01-02");
    expect(await screen.findByTestId("empty-activity")).toHaveTextContent("No call matches");
    expect(host.sent.at(-1)?.body).toMatchObject({ since: new Date(2031, 0, 2).getTime(), until: null });
    await user.click(screen.getByTestId("clear-filters"));
    await waitFor(() => { expect(screen.getAllByTestId("activity-row")).toHaveLength(14); });
    expect(history.location.search).toBe("");
    expect(screen.getByTestId("filter-tool")).toHaveValue("");
  });

  it("takes both ends of the days in, and nothing else from an address", async () => {
    const { host } = openWindow("/activity?since=2026-11-01&until=2026-11-02&agent=gone&outcome=never&call=x&tool=12", "full");
    await screen.findByTestId("empty-activity");
    expect(host.sent.find(({ name }) => name === "activity")?.body).toEqual({
      before: null, limit: 100, text: null, outcome: null, agent: "gone", upstream: null, tool: "12", policy: null,
      since: new Date(2026, 10, 1).getTime(), until: new Date(2026, 10, 3).getTime() - 1,
    });
    expect(screen.getByTestId("filter-agent")).toHaveValue("gone");
  });

  it("narrows to calls like the one that is open", async () => {
    const { user, history } = openWindow("/activity", "full");
    await user.click((await screen.findAllByTestId("activity-row"))[3]!);
    await user.click(screen.getByRole("button", { name: "Only this tool" }));
    await waitFor(() => { expect(screen.getAllByTestId("activity-row")).toHaveLength(2); });
    expect(history.location.search).toBe("?upstream=expenses&tool=create_expense");
  });

  it("begins with the call that an address names, open, and gives the way to the newest", async () => {
    const { user } = openWindow("/activity?call=891", "full");
    expect(await screen.findAllByTestId("activity-row")).toHaveLength(11);
    expect(screen.getByTestId("activity-detail")).toHaveTextContent("Ana Ruiz, by notification");
    await user.click(screen.getByRole("button", { name: "Show the newest" }));
    await waitFor(() => { expect(screen.getAllByTestId("activity-row")).toHaveLength(14); });
  });

  it("starts filtered from an address", async () => {
    openWindow("/activity?outcome=expired", "full");
    expect(await screen.findAllByTestId("activity-row")).toHaveLength(1);
    expect(screen.getByTestId("activity-outcome")).toHaveValue("expired");
  });

  it("shows older calls on demand, a hundred at a time", async () => {
    const { user } = openWindow("/activity", "hostile");
    expect(await screen.findAllByTestId("activity-row")).toHaveLength(100);
    await user.click(screen.getByTestId("older"));
    await waitFor(() => { expect(screen.getAllByTestId("activity-row")).toHaveLength(200); });
  });

  it("says when nothing matches, and gives the way back", async () => {
    const { user } = openWindow("/activity?text=nothing-like-this", "full");
    expect(await screen.findByTestId("empty-activity")).toHaveTextContent("No call matches");
    await user.click(screen.getByRole("button", { name: "Show all calls" }));
    expect(await screen.findAllByTestId("activity-row")).toHaveLength(14);
  });

  it("shows a call that came in without being asked", async () => {
    const { host } = openWindow("/activity", "empty");
    await screen.findByTestId("empty-activity");
    await host.call("practice_call", { kind: "denied" });
    expect(await screen.findByTestId("activity-row")).toHaveTextContent("Denied");
  });

  it("says why a call was decided as it was, and what happened to it", async () => {
    const { user } = openWindow("/activity", "full");
    await user.click((await screen.findAllByTestId("activity-row"))[3]!);
    const trace = await screen.findByTestId("trace");
    expect(trace).toHaveTextContent("Ana Ruiz approved it by notification");
    const policy = within(trace).getByTestId("trace-policy");
    expect(policy).toHaveTextContent("Large expenses need finance decided");
    expect(policy).toHaveTextContent("has(amount) holds; it was 640.00");
    expect(screen.getByTestId("policy-from-call")).toHaveAttribute("href", expect.stringContaining("/builder?seq="));
  });

  it("counts calls over time in Rust's buckets, as numbers too, and by the same filters", async () => {
    const { user, host, history } = openWindow("/activity", "full");
    const chart = await screen.findByTestId("over-time");
    expect(chart).toHaveTextContent(/calls by the day, the last 30 days/);
    await user.click(screen.getByTestId("as-numbers"));
    const rows = within(screen.getByTestId("numbers")).getAllByRole("row");
    expect(rows[0]).toHaveTextContent("WhenCallsWentWaiting or runningNot in timeStoppedFailed or unknown");
    expect(rows.length).toBeGreaterThan(20);
    await user.selectOptions(screen.getByTestId("activity-outcome"), "denied");
    await waitFor(() => {
      expect(host.sent.findLast(({ name }) => name === "activity_counts")?.body).toMatchObject({ filters: { outcome: "denied", since: null, until: null } });
    });
    await user.click(within(screen.getByTestId("range")).getByText("Today"));
    await waitFor(() => { expect(history.location.search).toMatch(/since=\d{4}-\d{2}-\d{2}/); });
    expect(history.location.search).toContain("outcome=denied");
    expect(await screen.findByText(/by the hour/)).toBeInTheDocument();
  });

  it("exports the calls that the filter finds, and says where they are", async () => {
    const { user, host } = openWindow("/activity?outcome=denied", "full");
    await user.click(await screen.findByTestId("export"));
    await user.click(screen.getByTestId("export-csv"));
    await user.click(screen.getByTestId("export-go"));
    expect(await screen.findByTestId("exported")).toHaveTextContent(/14 calls written.*calls-2026-11-20.csv/);
    expect(host.sent.find(({ name }) => name === "export_activity")?.body).toMatchObject({ format: "csv", clear: false, filters: { outcome: "denied" } });
    await user.click(screen.getByTestId("export-journal"));
    await user.click(screen.getByTestId("export-clear"));
    await user.click(screen.getByTestId("export-go"));
    await waitFor(() => { expect(host.sent.at(-1)?.body).toEqual({ format: "csv", clear: true, filters: null }); });
  });

  it("lists the same calls as a table, and says so in the address", async () => {
    const { user, history } = openWindow("/activity", "full");
    await screen.findAllByTestId("activity-row");
    await user.click(screen.getByText("Table"));
    expect(await screen.findAllByTestId("table-row")).toHaveLength(14);
    expect(history.location.search).toBe("?view=table");
    expect(screen.queryByTestId("activity-row")).not.toBeInTheDocument();
    expect(screen.getAllByRole("columnheader").map(({ textContent }) => textContent)).toContain("Decided by");
    await user.click(within(screen.getAllByTestId("table-row")[3]!).getByRole("link"));
    expect(await screen.findByTestId("activity-detail")).toHaveTextContent("Ana Ruiz, by notification");
  });

  it("keeps at most five pages in the window, and gives the way back to newer calls", async () => {
    const { user, host } = openWindow("/activity", "hostile");
    const [first] = host.world.activity;
    host.world.activity = Array.from({ length: 1000 }, (_, i) => ({ ...first!, seq: 5000 - i, at: first!.at - i * 1000 }));
    await screen.findAllByTestId("activity-row");
    for (let page = 2; page <= 7; page++) {
      await user.click(await screen.findByTestId("older"));
      await waitFor(() => { expect(screen.getAllByTestId("activity-row").at(-1)).toHaveAttribute("data-seq", String(5001 - page * 100)); });
    }
    expect(screen.getAllByTestId("activity-row")).toHaveLength(500);
    await user.click(screen.getByTestId("newer"));
    await waitFor(() => { expect(screen.getAllByTestId("activity-row")[0]).toHaveAttribute("data-seq", "4900"); });
  }, 30_000);

  it("has a word and a meaning of its own for every outcome", () => {
    const looks = OUTCOME_NAMES.map((name) => OUTCOMES[name]);
    expect(new Set(looks.map(({ word }) => word)).size).toBe(looks.length);
    expect(new Set(looks.map(({ means }) => means)).size).toBe(looks.length);
  });
});
