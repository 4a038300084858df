import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { failureOf, IpcFailure } from "@/ipc/host";
import { openWindow } from "@/testing/render";

describe("the frame of the window", () => {
  it("lists only the screens that exist", async () => {
    openWindow("/inbox", "full");
    await screen.findByTestId("card");
    const names = within(screen.getByRole("navigation")).getAllByRole("link").map((link) => link.dataset["testid"]);
    expect(names).toEqual([
      "nav-inbox", "nav-activity", "nav-policies", "nav-flows", "nav-grants",
      "nav-agents", "nav-upstreams", "nav-people", "nav-security", "nav-settings",
    ]);
    expect(screen.getByTestId("nav-inbox")).toHaveAttribute("aria-current", "page");
    expect(screen.getByRole("img", { name: "4 holds waiting" })).toHaveTextContent("4");
  });

  it("says that the gateway is on, and at which port", async () => {
    openWindow("/inbox", "empty");
    await waitFor(() => { expect(screen.getByTestId("gateway-status")).toHaveTextContent("Gateway on, port 7717"); });
  });

  it("says what is wrong and what to do, and raises alarms", async () => {
    openWindow("/inbox", "off");
    await waitFor(() => { expect(screen.getByTestId("gateway-status")).toHaveTextContent("Gateway off"); });
    const status = screen.getByTestId("gateway-status");
    expect(status).toHaveTextContent("Port 7717 is taken by another program. End that program, or choose another port in doorward.toml.");
    expect(status).toHaveTextContent("The keychain is locked. Unlock it.");
    expect(screen.getByTestId("alarm-set_waiting")).toHaveTextContent("They do not apply yet. Open Policies to see the difference");
    expect(screen.getByTestId("alarms")).toHaveAttribute("role", "alert");
  });

  it("holds everything by one switch, says so, and lets calls go again", async () => {
    const { user, host } = openWindow("/inbox", "empty");
    const toggle = await screen.findByRole("switch", { name: "Hold everything" });
    expect(toggle).not.toBeChecked();
    await user.click(toggle);
    const alarm = await screen.findByTestId("alarm-paused");
    expect(alarm).toHaveTextContent("Everything is held: each call waits for you");
    expect(toggle).toBeChecked();
    await user.click(screen.getByRole("button", { name: "Let calls go" }));
    await waitFor(() => { expect(screen.queryByTestId("alarm-paused")).toBeNull(); });
    expect(toggle).not.toBeChecked();
    expect(host.sent.map(({ name }) => name).filter((name) => name === "pause" || name === "resume")).toEqual(["pause", "resume"]);
  });

  it("says why everything could not be held", async () => {
    const { user, host } = openWindow("/inbox", "empty");
    host.fail("pause", { code: "pause", message: "everything is held, but that could not be recorded", hint: "look at the disk" });
    await user.click(await screen.findByRole("switch", { name: "Hold everything" }));
    expect(await screen.findByText(/could not be recorded/)).toBeInTheDocument();
  });

  it("goes to every screen by its navigation", async () => {
    const { user } = openWindow("/inbox", "full");
    await screen.findByTestId("card");
    for (const [item, title] of [["activity", "Activity"], ["policies", "Policies"], ["agents", "Agents"], ["upstreams", "Upstreams"]] as const) {
      await user.click(screen.getByTestId(`nav-${item}`));
      expect(await screen.findByRole("heading", { level: 1, name: title })).toBeInTheDocument();
    }
  });

  it.each(["/builder", "/what-if", "/packs"])("marks Policies at %s, which belongs to it, and is another page", async (address) => {
    openWindow(address, "full");
    const item = await screen.findByTestId("nav-policies");
    await waitFor(() => { expect(item).toHaveAttribute("data-active"); });
    expect(item).toHaveAttribute("aria-current", "true");
    expect(screen.getByTestId("nav-inbox")).not.toHaveAttribute("data-active");
  });

  it("lists all keys by the question mark", async () => {
    const { user } = openWindow("/activity", "empty");
    await screen.findByTestId("empty-activity");
    await user.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Keys" })).toHaveTextContent("Approve the hold on show");
  });
});

describe("an error from the other side", () => {
  it("keeps its code, message and hint", () => {
    const failure = failureOf({ code: "ended", message: "the hold has ended", hint: "look at the activity" });
    expect(failure).toBeInstanceOf(IpcFailure);
    expect([failure.code, failure.message, failure.hint]).toEqual(["ended", "the hold has ended", "look at the activity"]);
  });

  it("of any other kind still has a next step", () => {
    expect(failureOf("command ipc not found").hint).toMatch(/start it again/);
    expect(failureOf(new Error("broken")).message).toBe("broken");
  });
});
