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

  it("names the programs an agent is known to be, whole for who cannot see what is shortened", async () => {
    openWindow("/agents", "full");
    const [claude, codex, , practice] = await screen.findAllByTestId("agent-row");
    expect(claude).toHaveTextContent("Program/home/ana/.local/share/claude/versions/2.4.1/bin/claude");
    expect(codex).toHaveTextContent("Programs/usr/local/bin/codex");
    const path = within(codex as HTMLElement).getByTestId("short-path");
    expect(path).toHaveTextContent("/home/ana/.local/share/…/v22.11.0/installation/bin/node");
    expect(path).toHaveTextContent("/home/ana/.local/share/fnm/node-versions/v22.11.0/installation/bin/node");
    expect(path).toHaveAttribute("tabindex", "0");
    expect(practice).toHaveTextContent("the one that calls first");
  });

  it("accepts another program only after saying what that means", async () => {
    const { user, host } = openWindow("/agents", "full");
    const notice = await screen.findByTestId("other-program");
    const path = "/home/ana/.local/share/claude/versions/2.5.0/bin/claude";
    expect(notice).toHaveTextContent(`Another program asked in this agent’s name, 2 min ago. Its calls wait for you.${path}If you do not know it`);
    await user.click(within(notice).getByRole("button", { name: "Accept this program…" }));
    const dialog = await screen.findByRole("dialog", { name: "Accept this program as claude-code?" });
    expect(dialog).toHaveTextContent(`New${path}Known/home/ana/.local/share/claude/versions/2.4.1/bin/claude`);
    expect(dialog).toHaveTextContent("Its calls will be judged by the policies like the others.");
    await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
    expect(host.sent.map(({ name }) => name)).not.toContain("accept_program");

    await user.click(screen.getByTestId("accept-program"));
    await user.click(await screen.findByTestId("confirm-action"));
    await waitFor(() => { expect(screen.queryByTestId("other-program")).not.toBeInTheDocument(); });
    expect(host.sent).toContainEqual({ name: "accept_program", body: { agent: "claude-code", program: path } });
    expect(screen.getAllByTestId("agent-row")[0]).toHaveTextContent(`2.4.1/bin/claude${path}`);
  });

  it("says why a program was not accepted, and keeps asking", async () => {
    const { user, host } = openWindow("/agents", "full");
    await user.click(await screen.findByTestId("accept-program"));
    host.world.agents.agents.forEach((agent) => { agent.other_programs = []; });
    await user.click(await screen.findByTestId("confirm-action"));
    const dialog = screen.getByRole("dialog");
    expect(await within(dialog).findByTestId("failure")).toHaveTextContent("has not called in the name of claude-code lately");
  });

  it("says how long each agent waits, and changes it", async () => {
    const { user, host } = openWindow("/agents", "full");
    const [claude, codex, cursor] = await screen.findAllByTestId("agent-row");
    expect(claude).toHaveTextContent("as its program allows: 25 min, or 4 min 40 s for a call without progress");
    expect(codex).toHaveTextContent("up to 10 min for a held call");
    expect(cursor).toHaveTextContent("Waitsas its program allows Change…");
    await user.click(screen.getByRole("button", { name: "Change how long codex waits" }));
    expect(await screen.findByTestId("wait-limit")).toHaveValue("600");
    await user.selectOptions(screen.getByTestId("wait-limit"), "As its program allows");
    await user.click(screen.getByTestId("wait-save"));
    await waitFor(() => { expect(codex).toHaveTextContent("as its program allows: 4 min 40 s"); });
    await user.click(screen.getByTestId("wait-cursor"));
    await user.selectOptions(await screen.findByTestId("wait-limit"), "30 min");
    await user.click(screen.getByTestId("wait-save"));
    await waitFor(() => { expect(cursor).toHaveTextContent("up to 30 min for a held call"); });
    expect(host.sent.filter(({ name }) => name === "set_wait_limit").map(({ body }) => body)).toEqual([
      { agent: "codex", seconds: null }, { agent: "cursor", seconds: 1800 },
    ]);
  });

  it("keeps a wait limit that is none of the usual ones among those to choose", async () => {
    const { user } = openWindow("/agents", "full", ({ agents }) => {
      agents.agents.forEach((agent) => { agent.wait_limit = 5430; });
    });
    await user.click(await screen.findByTestId("wait-codex"));
    const limit = await screen.findByTestId("wait-limit");
    expect(limit).toHaveDisplayValue("1 h 30 min 30 s");
    expect(within(limit).getAllByRole("option").map(({ textContent }) => textContent)).toEqual(
      ["As its program allows", "45 s", "2 min", "5 min", "10 min", "30 min", "1 h", "1 h 30 min 30 s"],
    );
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
