import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";

const found = (id: string): Promise<HTMLElement> =>
  screen.findAllByTestId("found-agent").then((rows) => {
    const row = rows.find((one) => one.dataset["agent"] === id);
    if (row === undefined) throw new Error(`no ${id}`);
    return row;
  });

describe("agents on this machine", () => {
  it("says of each server whether it is behind the door, and why one cannot be moved", async () => {
    openWindow("/agents", "full");
    const claude = await found("claude-code");
    expect(claude).toHaveTextContent("2 behind the door, 1 around it");
    expect(claude).toHaveTextContent("1 server added around Doorward. Calls to it are not judged.");
    const cursor = await found("cursor");
    expect(cursor).toHaveTextContent("npx -y server-github");
    expect(cursor).toHaveTextContent("It cannot be moved: it has variables that only the agent fills in.");
    expect(await found("codex")).toHaveTextContent("no MCP servers");
    expect(await found("zed")).toHaveTextContent("Left alone: it cannot be read: expected a comma on line 4.");
  });

  it("connects after showing every change, says what answers, and undoes it", async () => {
    const { user, host } = openWindow("/agents", "full");
    await user.click(await screen.findByTestId("connect-cursor"));
    const dialog = await screen.findByTestId("connect-dialog");
    expect(within(dialog).getByText("Looks secret: GITHUB_TOKEN")).toBeInTheDocument();
    expect(within(dialog).queryByTestId("pick-search")).toBeNull();
    await user.click(screen.getByTestId("show-change"));
    const plan = await screen.findByTestId("connect-plan");
    expect(within(plan).getByRole("group", { name: "What changes in /home/ana/.cursor/mcp.json" })).toHaveTextContent("127.0.0.1:7717/mcp/github");
    expect(host.sent.some(({ name }) => name === "connect_agent")).toBe(false);
    await user.click(screen.getByTestId("connect-now"));
    expect(await screen.findByTestId("verified")).toHaveTextContent("Answers github as github-server");
    expect(host.sent).toContainEqual({
      name: "connect_agent",
      body: {
        id: "cursor", keep_secrets: true, upstreams: [],
        servers: [{ name: "github", path: "/home/ana/.cursor/mcp.json", table: ["mcpServers"] }],
      },
    });
    await user.click(screen.getByTestId("connect-done"));
    await waitFor(async () => { expect(await found("cursor")).toHaveTextContent("1 behind the door, 1 around it"); });
    await user.click(screen.getByTestId("undo-cursor"));
    await user.click(await screen.findByRole("button", { name: "Put its files back" }));
    expect(await screen.findByTestId("undone")).toHaveTextContent("is as it was, byte for byte.");
  });

  it("keeps the choice when a change cannot be made, and says what was kept", async () => {
    const { user, host } = openWindow("/agents", "full");
    host.fail("connect_agent", { code: "file_changed", message: "`mcp.json` was changed by something else meanwhile", hint: "look at the change again" });
    await user.click(await screen.findByTestId("connect-cursor"));
    await user.click(await screen.findByTestId("show-change"));
    await user.click(await screen.findByTestId("connect-now"));
    expect(await screen.findByText(/Its files are as they were/)).toBeInTheDocument();
    expect(screen.getByTestId("connect-now")).toBeEnabled();
  });

  it("lets a server stay around the door on purpose", async () => {
    const { user, host } = openWindow("/agents", "full");
    await user.click(await screen.findByRole("button", { name: "Leave it there" }));
    expect(host.sent).toContainEqual({ name: "leave_around", body: { name: "claude-code" } });
    await waitFor(() => { expect(screen.queryByTestId("around-notice")).toBeNull(); });
  });

  it("says which agents were looked for where there is none", async () => {
    openWindow("/agents", "empty");
    expect(await screen.findByText(/None of the agents Doorward knows was found: Claude Code, Codex CLI/)).toBeInTheDocument();
  });
});

describe("servers from a README", () => {
  it("shows every command whole before anything is added", async () => {
    const { user, host } = openWindow("/upstreams", "full");
    await user.click(await screen.findByTestId("paste-upstreams"));
    await user.click(screen.getByTestId("pasted-text"));
    await user.paste("{\"mcpServers\": {\"weather\": {}}}");
    await user.click(screen.getByTestId("paste-go"));
    expect(await screen.findByTestId("pasted-server")).toHaveTextContent("npx -y weather-mcp");
    expect(host.sent.some(({ name }) => name === "add_pasted")).toBe(false);
    await user.click(screen.getByRole("button", { name: "Add 1 upstream" }));
    await waitFor(() => { expect(host.sent.some(({ name }) => name === "add_pasted")).toBe(true); });
  });
});
