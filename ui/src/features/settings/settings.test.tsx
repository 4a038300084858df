import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";

describe("settings", () => {
  it("saves a number when asked, says what it did, and takes it back", async () => {
    const { user, host } = openWindow("/settings", "full");
    const days = await screen.findByLabelText("Keep it for");
    expect(screen.getByTestId("keep-days-save")).toBeDisabled();
    await user.clear(days);
    await user.type(days, "90{Enter}");
    expect(await screen.findByTestId("saved")).toHaveTextContent("What is beyond goes within the hour");
    expect(host.sent.at(-1)?.name === "settings" || host.sent.some(({ name }) => name === "change_setting")).toBe(true);
    expect(host.world.settings).toMatchObject({ keep_days: 90, keep_mb: 1024 });
    await user.click(screen.getByTestId("undo"));
    await waitFor(() => { expect(host.world.settings.keep_days).toBe(30); });
    expect(await screen.findByTestId("saved")).toHaveTextContent("Taken back.");
    expect(screen.queryByTestId("undo")).not.toBeInTheDocument();
    await waitFor(() => { expect(screen.getByLabelText("Keep it for")).toHaveValue("30"); });
  });

  it("shows what Rust refuses beside the setting, and keeps what was typed", async () => {
    const { user, host } = openWindow("/settings", "full");
    const port = await screen.findByLabelText("Port");
    await user.clear(port);
    await user.type(port, "80{Enter}");
    const failure = await screen.findByTestId("failure");
    expect(failure).toHaveTextContent("It was not saved. What was set before counts.");
    expect(failure).toHaveTextContent("Choose one from 1024 to 65535.");
    expect(within(screen.getByRole("region", { name: "Agents" })).getByTestId("failure")).toBe(failure);
    expect(port).toHaveValue("80");
    expect(host.world.settings.port).toBe(7717);
  });

  it("begins nothing while another change is under way, and says what it waits for", async () => {
    const { user, host } = openWindow("/settings", "full");
    const proof = host.wait("change_setting");
    const port = await screen.findByTestId("port");
    await user.clear(port);
    await user.type(port, "7999");
    await user.click(screen.getByTestId("port-save"));
    expect(await screen.findByText("Waiting for the disk, or for your passkey in the browser…")).toBeInTheDocument();
    expect(screen.getByTestId("port-save")).toBeDisabled();
    expect(screen.getByTestId("default-action")).toBeDisabled();
    expect(within(screen.getByTestId("full-results")).getAllByRole("radio")[0]).toBeDisabled();
    proof();
    await waitFor(() => { expect(screen.getByTestId("default-action")).toBeEnabled(); });
    expect(host.sent.filter(({ name }) => name === "change_setting")).toHaveLength(1);
  });

  it("never sends what is no number", async () => {
    const { user, host } = openWindow("/settings", "full");
    const port = await screen.findByLabelText("Port");
    await user.clear(port);
    await user.type(port, "8o80{Enter}");
    expect(screen.getByText("Write a whole number.")).toBeInTheDocument();
    expect(host.sent.some(({ name }) => name === "change_setting")).toBe(false);
  });

  it("says what waits for the next start", async () => {
    const { user } = openWindow("/settings", "full");
    const port = await screen.findByLabelText("Port");
    await user.clear(port);
    await user.type(port, "7999");
    await user.click(screen.getByTestId("port-save"));
    expect(await screen.findByTestId("at-next-start")).toHaveTextContent("Agents connect to port 7999. Until then it is 7717.");
  });

  it("asks who is asked once calls are held by default", async () => {
    const { user, host } = openWindow("/settings", "full");
    expect(screen.queryByLabelText("Who is asked then")).not.toBeInTheDocument();
    await user.selectOptions(await screen.findByLabelText("A call that no policy decides"), "request_approval");
    await user.selectOptions(await screen.findByLabelText("Who is asked then"), "finance");
    await waitFor(() => { expect(host.world.settings).toMatchObject({ default_action: "request_approval", default_flow: "finance" }); });
  });

  it("opens the log, and says so where nothing was noted", async () => {
    const { user } = openWindow("/settings", "full");
    await user.click(await screen.findByTestId("open-log"));
    expect(await screen.findByTestId("log-lines")).toHaveTextContent("Doorward started");
    expect(screen.getByTestId("log-path")).toHaveTextContent("doorward.log");
  });

  it("keeps how close lines stand for the next window", async () => {
    const { user } = openWindow("/settings", "empty");
    await user.click(await screen.findByText("Close", { selector: "span" }));
    expect(document.documentElement.dataset["density"]).toBe("close");
    expect(localStorage.getItem("doorward-density")).toBe("close");
    await user.click(screen.getByText("Roomy"));
    expect(document.documentElement.dataset["density"]).toBe("roomy");
  });
});
