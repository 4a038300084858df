import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { argument, cardOf, MINUTE } from "@/testing/cards";
import { openWindow } from "@/testing/render";

const GUARD = 700;

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
});
afterEach(() => { vi.useRealTimers(); });

const open = async (scenario = "full", address = "/inbox") => {
  const opened = openWindow(address, scenario);
  if (scenario === "full" && address === "/inbox") await screen.findByTestId("card");
  return { ...opened, user: opened.user };
};
const pass = async (milliseconds: number): Promise<void> => {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
};
const press = async (key: string, target: Element = document.body): Promise<void> => {
  await act(async () => {
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await vi.advanceTimersByTimeAsync(1);
  });
};
const click = async (element: HTMLElement): Promise<void> => {
  await act(async () => {
    element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1 }));
    await vi.advanceTimersByTimeAsync(1);
  });
};
const votes = (host: { sent: { name: string; body: unknown }[] }): unknown[] =>
  host.sent.filter(({ name }) => name === "vote").map(({ body }) => body);

describe("the inbox", () => {
  it("lists every hold with agent, tool and deadline, and shows the first one's card", async () => {
    await open();
    const rows = screen.getAllByTestId("inbox-row");
    expect(rows.map((row) => row.dataset["tool"])).toEqual([
      "expenses/create_expense", "practice/delete_customer", "filesystem/write_file", "expenses/list_reports",
    ]);
    expect(rows[0]).toHaveAttribute("aria-current", "true");
    expect(within(rows[1]!).getByText("cursor")).toBeInTheDocument();
    expect(within(rows[1]!).getByRole("timer")).toHaveTextContent("14:02");
    expect(screen.getByRole("region", { name: /claude-code wants to run expenses\/create_expense/ })).toBeInTheDocument();
  });

  it("counts down by itself, without asking again", async () => {
    const { host } = await open();
    const asked = host.sent.length;
    await pass(5000);
    expect(within(screen.getAllByTestId("inbox-row")[1]!).getByRole("timer")).toHaveTextContent("13:57");
    expect(host.sent.length).toBe(asked);
  });

  it("takes a new hold in without changing what is selected, and says it aloud", async () => {
    const { host } = await open();
    await act(async () => {
      host.hold(cardOf({ hold: "h-new", agent: "codex", tool: "send_payment", opened_at: Date.now(), deadline: Date.now() + MINUTE }));
      await vi.advanceTimersByTimeAsync(10);
    });
    await waitFor(() => { expect(screen.getAllByTestId("inbox-row")).toHaveLength(5); });
    expect(screen.getByTestId("card")).toHaveAttribute("data-hold", "h-7m3kq2xw5a4nzr6tbc2d");
    expect(screen.getByTestId("announcement")).toHaveTextContent("New hold: codex wants to run practice/send_payment. 5 holds waiting.");
    expect(document.title).toBe("Doorward (5)");
  });

  it("shows the hold that a notification asks for", async () => {
    const { host } = await open("full", "/activity");
    await screen.findAllByTestId("activity-row");
    await act(async () => {
      host.openHold("h-5n2bqa7wd3kz6xp4vt2r");
      await vi.advanceTimersByTimeAsync(10);
    });
    await waitFor(() => { expect(screen.getByTestId("card")).toHaveAttribute("data-hold", "h-5n2bqa7wd3kz6xp4vt2r"); });
  });

  it("keeps the card of a hold that ended elsewhere, says how it ended, and takes its buttons away", async () => {
    const { host } = await open();
    await act(async () => {
      host.end("h-7m3kq2xw5a4nzr6tbc2d", "expired: nobody decided in time");
      await vi.advanceTimersByTimeAsync(10);
    });
    await waitFor(() => { expect(screen.getByTestId("decided")).toHaveTextContent("Expired: nobody decided in time"); });
    expect(screen.queryByTestId("approve")).toBeNull();
    expect(screen.getAllByTestId("inbox-row")).toHaveLength(3);
    await press("j");
    await waitFor(() => { expect(screen.getByTestId("card")).toHaveAttribute("data-hold", "h-2c6vtr4pq7xj5ms3ka6e"); });
  });

  it("explains itself when empty, and sends a practice call", async () => {
    const { host } = await open("empty");
    await click(await screen.findByTestId("practice-held"));
    expect(host.sent).toContainEqual({ name: "practice_call", body: { kind: "held" } });
    await waitFor(() => { expect(screen.getByTestId("card")).toHaveTextContent("practice wants to run practice/delete_customer"); });
  });

  it("points to upstreams and agents where nothing is set up", async () => {
    await open("fresh");
    await screen.findByText("add an upstream");
    expect(screen.queryByTestId("practice-held")).toBeNull();
  });

  it("says what happened when it cannot be read, and tries again", async () => {
    const { host } = await open("broken");
    expect(await screen.findByTestId("failure")).toHaveTextContent("The inbox could not be read. Holds are kept.");
    host.fail("inbox", null);
    await click(screen.getByRole("button", { name: "Try again" }));
    await screen.findByTestId("card");
  });
});

describe("the card", () => {
  it("shows every argument complete, names hidden characters, and folds long values with their size", async () => {
    await open();
    const values = screen.getAllByTestId("argument");
    expect(values).toHaveLength(6);
    expect(values[2]).toHaveTextContent("NordwindZERO-WIDTH SPACE GmbH");
    expect(within(values[2]!).getByLabelText("hidden character: ZERO-WIDTH SPACE")).toBeInTheDocument();
    expect(within(values[4]!).getByRole("button", { name: /show all 4,4\d\d characters/ })).toBeInTheDocument();
    expect(values[4]).toHaveTextContent("text, 4.4 KB");
  });

  it("says that another program asks, with both paths, and leads to where it can be accepted", async () => {
    const { history } = await open("full", "/inbox?hold=h-4k7xwz2mq5tb6cn3rd5a");
    const [program, policy] = await screen.findAllByTestId("reason");
    expect(program).toHaveTextContent(
      "Another program: /home/ana/.local/share/claude/versions/2.5.0/bin/claude asks in the name of claude-code, "
      + "which is paired with /home/ana/.local/share/claude/versions/2.4.1/bin/claude.",
    );
    expect(within(policy as HTMLElement).queryByRole("link")).not.toBeInTheDocument();
    await click(within(program as HTMLElement).getByRole("link", { name: "Open Agents" }));
    await waitFor(() => { expect(history.location.pathname).toBe("/agents"); });
    expect(await screen.findByTestId("accept-program")).toBeInTheDocument();
  });

  it("shows the deciding policy by name and description, with the compared values", async () => {
    await open();
    const [reason] = screen.getAllByTestId("reason");
    expect(reason).toHaveTextContent("Large expenses need finance: amount is 7250.00, greater than 5000");
    expect(reason).toHaveTextContent("Above 5,000 someone looks first.");
  });

  it("names on Approve what is folded, until it was opened", async () => {
    await open();
    await pass(GUARD);
    expect(screen.getByTestId("approve")).toHaveTextContent("Approve, 1 long value unread");
    await click(screen.getByRole("button", { name: /show all/ }));
    expect(screen.getByTestId("approve")).toHaveTextContent(/^ApproveA$/);
    expect(screen.getAllByTestId("argument")[4]).toHaveTextContent("With kind regards");
  });

  it("counts arguments that are not on screen yet as unread", async () => {
    await open("hostile");
    await screen.findByTestId("card");
    expect(screen.getByTestId("approve")).toHaveTextContent("Use passkey, 2 long values and 9,971 arguments unread");
  });
});

describe("a vote", () => {
  it("is not possible in the first 700 ms in which nothing is typed, by button or by key", async () => {
    const { host } = await open();
    expect(screen.getByTestId("approve")).toBeDisabled();
    await press("a");
    await pass(GUARD - 100);
    await press("a");
    expect(votes(host)).toEqual([]);
    await pass(GUARD - 100);
    expect(screen.getByTestId("approve")).toBeDisabled();
    await pass(200);
    expect(screen.getByTestId("approve")).toBeEnabled();
  });

  it("waits again when the card changes under it", async () => {
    const { host } = await open();
    await pass(GUARD);
    expect(screen.getByTestId("approve")).toBeEnabled();
    await act(async () => {
      host.changeCard("h-7m3kq2xw5a4nzr6tbc2d", ({ reasons }) => {
        reasons.push({ kind: "policy", policy: "new", name: "A newer policy", description: "", action: "request_approval", sentence: "every call" });
      });
      await vi.advanceTimersByTimeAsync(10);
    });
    expect(screen.getAllByTestId("reason")).toHaveLength(3);
    expect(screen.getByTestId("approve")).toBeDisabled();
    await press("a");
    expect(votes(host)).toEqual([]);
    await pass(GUARD);
    expect(screen.getByTestId("approve")).toBeEnabled();
  });

  it("by key counts for exactly the card on show and goes on to the next hold, guarded", async () => {
    const { host } = await open();
    await pass(GUARD);
    await press("a");
    expect(votes(host)).toEqual([
      { hold: "h-7m3kq2xw5a4nzr6tbc2d", digest: "digest-of-h-7m3kq2xw5a4nzr6tbc2d", choice: "approve", reason: null },
    ]);
    await waitFor(() => { expect(screen.getByTestId("card")).toHaveAttribute("data-hold", "h-2c6vtr4pq7xj5ms3ka6e"); });
    expect(screen.getByTestId("approve")).toBeDisabled();
    await press("a");
    expect(votes(host)).toHaveLength(1);
  });

  it("by pointer stays, so that no other Approve comes under the pointer", async () => {
    await open();
    await pass(GUARD);
    await click(screen.getByTestId("approve"));
    await waitFor(() => { expect(screen.getByTestId("decided")).toHaveTextContent("Approved in the window, just now. The call goes now."); });
    expect(screen.getByTestId("card")).toHaveAttribute("data-hold", "h-7m3kq2xw5a4nzr6tbc2d");
    expect(screen.queryByTestId("approve")).toBeNull();
  });

  it("is on show for a minute and then no longer", async () => {
    await open();
    await pass(GUARD);
    await press("a");
    await pass(12_000);
    const decided = screen.getByRole("region", { name: "Just decided" });
    expect(decided).toHaveTextContent(/expenses\/create_expense approved in the window, 1[12] s ago/);
    await pass(49_000);
    expect(screen.queryByRole("region", { name: "Just decided" })).toBeNull();
  });

  it("that does not count says so, and leaves the card open", async () => {
    const { host } = await open();
    host.fail("vote", { code: "changed", message: "the card has changed since it was shown", hint: "read it again, then vote" });
    await pass(GUARD);
    await press("a");
    expect(await screen.findByTestId("failure")).toHaveTextContent(
      "Your vote was not counted.The card has changed since it was shown. Read it again, then vote.",
    );
    expect(screen.getByTestId("approve")).toBeInTheDocument();
  });

  it("to reject opens a small form by R; a preset fills it, Enter sends, and the agent's reason goes along", async () => {
    const { host } = await open();
    await pass(GUARD);
    await press("r");
    const reason = screen.getByTestId("reject-reason");
    expect(reason).toHaveFocus();
    await click(screen.getByRole("button", { name: "Wrong arguments" }));
    expect(reason).toHaveValue("Wrong arguments");
    await act(async () => {
      reason.closest("form")?.requestSubmit();
      await vi.advanceTimersByTimeAsync(1);
    });
    expect(votes(host)).toEqual([expect.objectContaining({ choice: "reject", reason: "Wrong arguments" })]);
  });

  it("to reject needs no reason", async () => {
    const { host } = await open();
    await pass(GUARD);
    await click(screen.getByTestId("reject"));
    await click(screen.getByTestId("reject-send"));
    expect(votes(host)).toEqual([expect.objectContaining({ choice: "reject", reason: null })]);
  });

  it("is never cast by letters typed into a field", async () => {
    const { host } = await open();
    await pass(GUARD);
    await press("r");
    await press("a", screen.getByTestId("reject-reason"));
    await press("j", screen.getByTestId("reject-reason"));
    expect(votes(host)).toEqual([]);
    expect(screen.getByTestId("card")).toHaveAttribute("data-hold", "h-7m3kq2xw5a4nzr6tbc2d");
  });

  it("is not cast by a key pressed right after the window got the focus, or held down, or with Ctrl", async () => {
    const { host } = await open();
    await pass(GUARD);
    await act(async () => { window.dispatchEvent(new Event("focus")); await vi.advanceTimersByTimeAsync(100); });
    await press("a");
    await pass(GUARD);
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true, repeat: true }));
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true, ctrlKey: true }));
    expect(votes(host)).toEqual([]);
  });

  it("never takes the focus from someone who types", async () => {
    const { host } = await open();
    await pass(GUARD);
    await press("r");
    const reason = screen.getByTestId("reject-reason");
    await act(async () => {
      host.hold(cardOf({ hold: "h-new", arguments: [argument("x", "1")], opened_at: Date.now(), deadline: Date.now() + MINUTE }));
      await vi.advanceTimersByTimeAsync(GUARD);
    });
    expect(reason).toHaveFocus();
  });
});
