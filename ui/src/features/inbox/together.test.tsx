import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { argument, cardOf, MINUTE } from "@/testing/cards";
import { openWindow } from "@/testing/render";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
});
afterEach(() => { vi.useRealTimers(); });

const pass = async (milliseconds: number): Promise<void> => { await act(() => vi.advanceTimersByTimeAsync(milliseconds)); };

const click = async (element: HTMLElement): Promise<void> => {
  await act(async () => {
    element.click();
    await vi.advanceTimersByTimeAsync(1);
  });
};

async function together() {
  const opened = openWindow("/inbox", "burst");
  const way = await screen.findByTestId("together");
  await click(way);
  await screen.findByTestId("approve-together");
  return opened;
}

describe("calls answered together", () => {
  it("lists each with what differs, and what is the same once", async () => {
    await together();
    const calls = screen.getAllByTestId("similar-call");
    expect(calls).toHaveLength(7);
    expect(screen.getByTestId("card")).toHaveAccessibleName(/7 times$/);
    expect(within(calls[0]!).getByRole("checkbox")).toHaveFocus();
    expect(calls[3]).toHaveTextContent("step-3.ts");
    expect(calls[3]).not.toHaveTextContent("utf-8");
    expect(screen.getByRole("region", { name: "The same in all" })).toHaveTextContent("utf-8");
    expect(screen.getByTestId("approve-together")).toHaveTextContent("Approve 7 calls");
  });

  it("casts one vote a call, once the guard is over, and not on what was left out", async () => {
    const { host } = await together();
    const button = screen.getByTestId("approve-together");
    expect(button).toBeDisabled();
    await click(within(screen.getAllByTestId("similar-call")[2]!).getByRole("checkbox"));
    await pass(701);
    expect(button).toHaveTextContent("Approve 6 calls");
    await click(button);
    await screen.findByTestId("votes-cast");
    const [sent] = host.sent.filter(({ name }) => name === "vote_many");
    const { calls } = sent?.body as { calls: { hold: string; digest: string }[] };
    expect(calls.map(({ hold }) => hold)).toEqual(["h-burst-0", "h-burst-1", "h-burst-3", "h-burst-4", "h-burst-5", "h-burst-6"]);
    expect(screen.getByTestId("votes-cast")).toHaveTextContent("6 calls of filesystem/write_file approved in the window");
    // Each by the number it was listed under.
    const told = screen.getAllByTestId("vote-outcome").map((outcome) => /Call \d/.exec(outcome.textContent)?.[0]);
    expect(told).toEqual(["Call 1", "Call 2", "Call 4", "Call 5", "Call 6", "Call 7"]);
  });

  it("says which one ended meanwhile and counts the others", async () => {
    const { host } = await together();
    await pass(701);
    // It ends between the last look and the vote: nobody was told.
    const ended = host.world.cards.find(({ hold }) => hold === "h-burst-4");
    if (ended !== undefined) ended.state = "ended";
    await click(screen.getByTestId("approve-together"));
    await screen.findByTestId("votes-cast");
    expect(screen.getByTestId("votes-cast")).toHaveTextContent("6 calls of filesystem/write_file approved in the window, 1 not");
    const outcomes = screen.getAllByTestId("vote-outcome");
    expect(outcomes[4]).toHaveTextContent("your vote was not counted. The hold has ended.");
  });

  it("votes on nothing that came after it was opened, until it is listed", async () => {
    const { host } = await together();
    await act(async () => {
      host.hold(cardOf({
        hold: "h-late", agent: "claude-code", upstream: "filesystem", tool: "write_file", arguments: [argument("path", "/etc/passwd")],
        opened_at: Date.now(), deadline: Date.now() + MINUTE,
      }));
      await vi.advanceTimersByTimeAsync(10);
    });
    const late = await screen.findByTestId("show-new");
    expect(screen.getByTestId("approve-together")).toHaveTextContent("Approve 7 calls");
    await pass(701);
    await click(late);
    await waitFor(() => { expect(screen.getAllByTestId("similar-call")).toHaveLength(8); });
    expect(screen.getByTestId("approve-together")).toBeDisabled();
  });

  it("rejects with one reason for all", async () => {
    const { host } = await together();
    await pass(701);
    await click(screen.getByTestId("reject-together"));
    await click(screen.getByRole("button", { name: "Not now" }));
    await click(screen.getByTestId("reject-send"));
    await screen.findByTestId("votes-cast");
    expect(host.sent.find(({ name }) => name === "vote_many")?.body).toMatchObject({ choice: "reject", reason: "Not now" });
  });

  it("is not offered for a step-up", async () => {
    openWindow("/inbox", "burst", (world) => {
      for (const card of world.cards) for (const reason of card.reasons) reason.action = "step_up";
    });
    await screen.findByTestId("card");
    await pass(50);
    expect(screen.queryByTestId("together")).toBeNull();
  });

  it("says that the owner's vote is in where others are still asked", async () => {
    const { history } = openWindow("/inbox?hold=h-half-way", "burst");
    expect(history.location.search).toContain("h-half-way");
    expect(await screen.findByTestId("owner-voted")).toHaveTextContent("Your vote is in; it waits for others");
    await pass(701);
    expect(screen.getByTestId("approve")).toBeDisabled();
    expect(screen.getByTestId("vote")).toHaveTextContent("Ana Ruiz approved it in the window");
  });
});
