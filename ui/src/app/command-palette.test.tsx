import { act, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";

const openPalette = async (): Promise<HTMLElement> => {
  act(() => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true, bubbles: true, cancelable: true }));
  });
  return screen.findByTestId("palette-search");
};
const names = (): string[] => screen.getAllByTestId("palette-command").map((command) => command.textContent);

describe("the command palette", () => {
  it("lists every screen and what can be done on this one, with its keys", async () => {
    openWindow("/inbox", "full");
    await screen.findByTestId("edit");
    await openPalette();
    const listed = names();
    for (const screenName of ["Inbox", "Activity", "Policies", "Approval flows", "Grants", "Agents", "Upstreams", "Security"]) {
      expect(listed).toContain(`Go to ${screenName}`);
    }
    for (const action of [
      "Approve the hold on showA", "Reject the hold on showR", "Extend its deadlineE", "Grant calls like itG", "Edit its arguments",
      "Next holdJ", "Previous holdK", "Hold everything", "Show all keys?", "Make a new policy",
    ]) expect(listed).toContain(action);
  });

  it("goes to a screen by part of its name", async () => {
    const { user, history } = openWindow("/inbox", "full");
    await screen.findByTestId("card");
    await user.type(await openPalette(), "go upst{Enter}");
    await waitFor(() => { expect(history.location.pathname).toBe("/upstreams"); });
    expect(screen.queryByTestId("palette-search")).toBeNull();
  });

  it("does what the key does, and no more: a guarded Approve stays guarded", async () => {
    const { user, host } = openWindow("/inbox", "full");
    await screen.findByTestId("card");
    await user.type(await openPalette(), "reject{Enter}");
    expect(await screen.findByTestId("reject-form")).toBeInTheDocument();
    expect(host.sent.some(({ name }) => name === "vote")).toBe(false);
  });

  it("does nothing to a hold that came on show behind it, and says so", async () => {
    const { user, host } = openWindow("/inbox", "full");
    const shown = (await screen.findByTestId("card")).dataset["hold"];
    await waitFor(() => { expect(screen.getByTestId("approve")).toBeEnabled(); }, { timeout: 3000 });
    const search = await openPalette();
    const other = host.world.cards.find(({ hold, state }) => hold !== shown && state === "waiting");
    act(() => { host.openHold(other?.hold ?? ""); });
    await waitFor(() => { expect(document.querySelector("[data-testid=card]")).toHaveAttribute("data-hold", other?.hold); });
    await user.type(search, "approve{Enter}{Enter}");
    expect(await screen.findByTestId("palette-changed")).toHaveTextContent("nothing was done");
    expect(host.sent.filter(({ name }) => name === "vote")).toEqual([]);
  });

  it("closes with Esc and does nothing", async () => {
    const { user, history } = openWindow("/inbox", "empty");
    await screen.findByTestId("empty-inbox");
    await user.type(await openPalette(), "agents{Escape}");
    await waitFor(() => { expect(screen.queryByTestId("palette-search")).toBeNull(); });
    expect(history.location.pathname).toBe("/inbox");
  });

  it("says when nothing is called like that, and closes with its own key", async () => {
    const { user } = openWindow("/inbox", "empty");
    await screen.findByTestId("empty-inbox");
    await user.type(await openPalette(), "zzz");
    expect(screen.getByText("Nothing is called like that.")).toBeInTheDocument();
    act(() => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "k", metaKey: true, bubbles: true, cancelable: true }));
    });
    await waitFor(() => { expect(screen.queryByTestId("palette-search")).toBeNull(); });
  });
});
