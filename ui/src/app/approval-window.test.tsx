import { act, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { installHost } from "@/ipc/host";
import { FakeHost } from "@/testing/fake-host";
import { SCENARIOS } from "@/testing/scenarios";
import { ApprovalWindow } from "./approval-window";

const FIRST = "h-7m3kq2xw5a4nzr6tbc2d";
const SECOND = "h-2c6vtr4pq7xj5ms3ka6e";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
});
afterEach(() => { vi.useRealTimers(); });

const pass = async (milliseconds: number): Promise<void> => {
  await act(() => vi.advanceTimersByTimeAsync(milliseconds));
};
const press = async (key: string, target: Element = document.body): Promise<void> => {
  await act(async () => {
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await vi.advanceTimersByTimeAsync(1);
  });
};

async function open(hold = FIRST): Promise<FakeHost> {
  const make = SCENARIOS["full"];
  if (make === undefined) throw new Error("no scenario");
  const host = new FakeHost(make(Date.now()));
  host.shown = hold;
  installHost(host);
  render(<ApprovalWindow scheme="light" />);
  await screen.findByTestId("card");
  return host;
}

describe("the approval window", () => {
  it("shows the same card, without what only the main window may ask", async () => {
    const host = await open();
    await screen.findByText(/You vote as/);
    expect(screen.getByTestId("card")).toHaveAttribute("data-hold", FIRST);
    for (const there of ["approve", "reject", "extend", "last-approved"]) expect(screen.getByTestId(there)).toBeInTheDocument();
    for (const gone of ["edit", "grant", "together", "policy-from-hold"]) expect(screen.queryByTestId(gone)).toBeNull();
    const allowed = ["card", "answers", "vote", "extend", "prove_hold"];
    expect(host.sent.filter(({ name }) => !allowed.includes(name))).toEqual([]);
  });

  it("votes after the guard and says how it went, for a minute", async () => {
    const host = await open();
    await press("a");
    expect(host.sent.some(({ name }) => name === "vote")).toBe(false);
    await pass(701);
    await press("a");
    await waitFor(() => { expect(screen.getByTestId("decided")).toHaveTextContent("Approved in the window"); });
    expect(host.left).toBeNull();
    await pass(61_000);
    expect(host.left).toBe("put away");
  });

  it("is put away with Esc and decides nothing; Esc closes what is open first", async () => {
    const host = await open();
    await pass(701);
    await press("r");
    const field = await screen.findByTestId("reject-reason");
    await press("Escape", field);
    await waitFor(() => { expect(screen.queryByTestId("reject-form")).toBeNull(); });
    expect(host.left).toBeNull();
    await press("Escape");
    expect(host.left).toBe("put away");
    expect(host.sent.some(({ name }) => name === "vote")).toBe(false);
  });

  it("says so when its hold ends elsewhere", async () => {
    const host = await open();
    await act(async () => {
      host.end(FIRST, "expired: nobody decided in time");
      await vi.advanceTimersByTimeAsync(10);
    });
    await waitFor(() => { expect(screen.getByTestId("decided")).toHaveTextContent("Expired: nobody decided in time"); });
    expect(screen.queryByTestId("approve")).toBeNull();
  });

  it("shows the hold that was asked for last, with its own guard", async () => {
    const host = await open();
    await pass(701);
    host.shown = SECOND;
    await act(async () => {
      host.openHold(SECOND);
      await vi.advanceTimersByTimeAsync(10);
    });
    await waitFor(() => { expect(screen.getByTestId("card")).toHaveAttribute("data-hold", SECOND); });
    expect(screen.getByTestId("approve")).toBeDisabled();
  });

  it("hands its hold over to the main window", async () => {
    const host = await open();
    await act(async () => {
      screen.getByTestId("open-in-inbox").click();
      await vi.advanceTimersByTimeAsync(1);
    });
    expect(host.left).toBe("opened in the inbox");
  });
});
