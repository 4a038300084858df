import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";

describe("agents", () => {
  it("shows each agent, whom it acts for and when it was last seen", async () => {
    openWindow("/agents", "full");
    const rows = await screen.findAllByTestId("agent-row");
    expect(rows[2]).toHaveTextContent("cursor");
    expect(rows[2]).toHaveTextContent("acts for Ben Okafor");
    expect(rows[2]).toHaveTextContent("last seen 1 day ago");
    expect(rows[3]).toHaveTextContent("never seen yet");
  });

  it("gives a new agent a token that is shown once, with ready commands", async () => {
    const { user, host } = openWindow("/agents", "full");
    await user.click(await screen.findByTestId("add-agent"));
    await user.type(await screen.findByTestId("agent-name"), "zed");
    await user.selectOptions(screen.getByTestId("agent-user"), "ben");
    await user.click(screen.getByTestId("agent-save"));
    const panel = await screen.findByTestId("new-agent");
    expect(host.sent).toContainEqual({ name: "add_agent", body: { name: "zed", user: "ben" } });
    const token = screen.getByTestId("agent-token").textContent;
    expect(token).toMatch(/^dw_/);
    expect(panel).toHaveTextContent("claude mcp add --transport http practice");
    await user.click(screen.getByTestId("token-done"));
    await waitFor(() => { expect(document.body.textContent).not.toContain(token); });
  });

  it("copies the token", async () => {
    const { user } = openWindow("/agents", "full");
    await user.click(await screen.findByTestId("add-agent"));
    await user.type(await screen.findByTestId("agent-name"), "zed{Enter}");
    await user.click(await screen.findByRole("button", { name: "Copy the token" }));
    await waitFor(() => { expect(screen.getByRole("button", { name: "Copy the token" })).toHaveTextContent("Copied"); });
    expect(await navigator.clipboard.readText()).toBe(screen.getByTestId("agent-token").textContent);
  });

  it("does not take a name twice", async () => {
    const { user } = openWindow("/agents", "full");
    await user.click(await screen.findByTestId("add-agent"));
    await user.type(await screen.findByTestId("agent-name"), "codex");
    expect(screen.getByText("There is an agent of this name. Choose another.")).toBeInTheDocument();
    expect(screen.getByTestId("agent-save")).toBeDisabled();
  });

  it("removes only after asking", async () => {
    const { user, host } = openWindow("/agents", "full");
    await user.click(await screen.findByTestId("remove-cursor"));
    const dialog = await screen.findByRole("dialog", { name: "Remove cursor?" });
    await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
    expect(host.sent.map(({ name }) => name)).not.toContain("remove_agent");
    await user.click(screen.getByTestId("remove-cursor"));
    await user.click(await screen.findByTestId("confirm-action"));
    await waitFor(() => { expect(screen.getAllByTestId("agent-row")).toHaveLength(3); });
  });
});
