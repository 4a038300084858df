import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { RIGHT_PASSPHRASE } from "@/testing/fake-host";
import { openWindow } from "@/testing/render";

describe("security", () => {
  it("says of each passkey whose it is, how to tell it, and when it was used", async () => {
    openWindow("/security", "full");
    const [first, second] = await screen.findAllByTestId("passkey-row");
    expect(first).toHaveTextContent("Laptop");
    expect(first).toHaveTextContent("3f9a 12bc 77d0 41e6");
    expect(first).toHaveTextContent("the first one");
    expect(second).toHaveTextContent("let in by Laptop");
    expect(second).toHaveTextContent("never");
  });

  it("opens a page to enrol one, and says where it is", async () => {
    const { user, host } = openWindow("/security", "full");
    await user.click(await screen.findByTestId("enrol"));
    await user.type(await screen.findByTestId("passkey-name"), "Blue key");
    await user.click(screen.getByTestId("passkey-go"));
    expect(await screen.findByTestId("waiting-page")).toHaveTextContent("Go on in your browser");
    expect(host.sent).toContainEqual({ name: "enrol_passkey", body: { person: "ana", name: "Blue key", passphrase: null } });
  });

  it("lets one of several go after a question", async () => {
    const { user } = openWindow("/security", "full");
    const [, second] = await screen.findAllByTestId("passkey-row");
    if (second === undefined) throw new Error("two passkeys");
    await user.click(within(second).getByTestId("remove-passkey"));
    await user.click(await screen.findByTestId("confirm-action"));
    await waitFor(() => { expect(screen.getAllByTestId("passkey-row")).toHaveLength(1); });
  });

  it("takes lost passkeys out after a day that anybody can see, and keeps them for whoever has one", async () => {
    const { user, host } = openWindow("/security", "full");
    await user.click(await screen.findByTestId("all-lost"));
    expect(await screen.findByTestId("confirm")).toHaveTextContent("any one of them can stop it");
    await user.click(screen.getByTestId("confirm-action"));
    expect(await screen.findByTestId("reset-coming")).toHaveTextContent("in 24 hours");
    expect(screen.queryByTestId("all-lost")).toBeNull();
    await user.click(screen.getByTestId("keep-passkeys"));
    expect(await screen.findByTestId("all-lost")).toBeVisible();
    expect(host.sent.map(({ name }) => name)).toEqual(expect.arrayContaining(["reset_passkeys", "keep_passkeys"]));
  });

  it("makes a backup once its passphrase was typed twice, and says where it lies", async () => {
    const { user, host } = openWindow("/security", "full");
    await user.click(await screen.findByTestId("make-backup"));
    await user.type(await screen.findByTestId("backup-passphrase"), "five words in a row");
    await user.type(screen.getByTestId("backup-again"), "five words");
    expect(screen.getByTestId("backup-go")).toBeDisabled();
    await user.type(screen.getByTestId("backup-again"), " in a row");
    await user.click(screen.getByTestId("backup-go"));
    expect(await screen.findByTestId("backup")).toHaveTextContent("doorward-2026-11-23-140900.backup");
    expect(host.sent).toContainEqual({ name: "make_backup", body: { passphrase: "five words in a row" } });
  });

  it("says that a record was not written by Doorward, and enrols nothing over it", async () => {
    openWindow("/security", "hostile");
    expect(await screen.findByTestId("passkeys-problem")).toHaveTextContent("older record");
    expect(screen.getByTestId("enrol")).toBeDisabled();
  });

  it("sets a passphrase that is typed twice, and changes it with the old one", async () => {
    const { user, host } = openWindow("/security", "empty");
    expect(await screen.findByTestId("passphrase-state")).toHaveTextContent("None is set.");
    await user.click(screen.getByTestId("set-passphrase"));
    await user.type(await screen.findByTestId("new-passphrase"), RIGHT_PASSPHRASE);
    await user.type(screen.getByTestId("again-passphrase"), "four words in a rew");
    expect(screen.getByTestId("passphrase-save")).toBeDisabled();
    await user.type(screen.getByTestId("again-passphrase"), "{Backspace}{Backspace}ow");
    await user.click(screen.getByTestId("passphrase-save"));
    expect(host.sent).toContainEqual({ name: "set_passphrase", body: { passphrase: RIGHT_PASSPHRASE, old: null } });
    await waitFor(() => { expect(screen.getByTestId("passphrase-state")).toHaveTextContent("One is set."); });
    await waitFor(() => { expect(screen.queryByTestId("passphrase-dialog")).not.toBeInTheDocument(); });
    await user.click(screen.getByTestId("set-passphrase"));
    await user.type(await screen.findByTestId("old-passphrase"), "not the old one");
    await user.type(screen.getByTestId("new-passphrase"), "another one altogether");
    await user.type(screen.getByTestId("again-passphrase"), "another one altogether");
    await user.click(screen.getByTestId("passphrase-save"));
    expect(await screen.findByTestId("failure")).toHaveTextContent("The passphrase is another one.");
  });

  it("asks for the passphrase before the first passkey, and lets it go freely once there is one", async () => {
    const { user, host } = openWindow("/security", "empty", (world) => { world.security.passphrase.set = true; });
    await user.click(await screen.findByTestId("enrol"));
    await user.type(await screen.findByTestId("passkey-name"), "Laptop");
    expect(screen.getByTestId("passkey-go")).toBeDisabled();
    await user.type(screen.getByTestId("enrol-passphrase"), RIGHT_PASSPHRASE);
    await user.click(screen.getByTestId("passkey-go"));
    expect(host.sent).toContainEqual({ name: "enrol_passkey", body: { person: "ana", name: "Laptop", passphrase: RIGHT_PASSPHRASE } });
  });

  it("removes the passphrase without typing it where a passkey is enrolled", async () => {
    const { user, host } = openWindow("/security", "full");
    expect(await screen.findByTestId("passphrase-state")).toHaveTextContent("never loosens a policy");
    await user.click(screen.getByTestId("remove-passphrase"));
    await user.click(await screen.findByTestId("confirm-action"));
    expect(host.sent).toContainEqual({ name: "remove_passphrase", body: { old: null } });
    await waitFor(() => { expect(screen.getByTestId("passphrase-state")).toHaveTextContent("None is set."); });
  });
});
