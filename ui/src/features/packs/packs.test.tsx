import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";

describe("packs", () => {
  it("are looked at with their effect on past calls, and added to observe first", async () => {
    const { user, host } = openWindow("/packs", "full");
    expect(await screen.findAllByTestId("pack-row")).toHaveLength(3);
    await user.click(screen.getByTestId("open-pack-git"));
    await waitFor(() => { expect(screen.getByTestId("pack-effect")).toHaveTextContent("12 would wait for approval"); });
    expect(screen.getByTestId("absent")).toHaveTextContent("No upstream is called git");
    const files = screen.getAllByTestId("pack-file");
    expect(files[2]).toHaveTextContent("yours of this name stays");
    expect(files[3]).toHaveTextContent("not taken");
    await user.click(screen.getByTestId("with-default"));
    await waitFor(() => { expect(screen.getAllByTestId("pack-file")[3]).not.toHaveTextContent("not taken"); });
    await user.click(screen.getByTestId("add-observed"));
    expect(await screen.findByTestId("pack-added")).toHaveTextContent("1 file added");
    expect(host.sent.find(({ name }) => name === "add_pack")?.body).toMatchObject({ source: { kind: "shipped", name: "git" }, with_default: true, observe: true });
  });

  it("say which way of adding needs the passkey", async () => {
    openWindow("/packs?pack=git", "full", (world) => { world.proof = ["`reading.toml` lets calls go"]; });
    expect(await screen.findByTestId("add-enforced")).toHaveTextContent("Add and enforce, needs your passkey");
    expect(screen.getByTestId("add-observed")).toHaveTextContent(/^Add, observe first$/);
  });

  it("come from a folder by its whole path, and one's own go to another", async () => {
    const { user, host } = openWindow("/packs", "full");
    await user.type(await screen.findByTestId("import-folder"), "team");
    expect(screen.getByTestId("look-at-folder")).toBeDisabled();
    await user.type(screen.getByTestId("export-folder"), "/tmp/mine");
    await user.click(screen.getByTestId("export"));
    expect(await screen.findByTestId("exported")).toHaveTextContent("6 files written to /tmp/mine.");
    await user.clear(screen.getByTestId("import-folder"));
    await user.type(screen.getByTestId("import-folder"), "/srv/team{Enter}");
    await waitFor(() => { expect(host.sent).toContainEqual({ name: "pack", body: { source: { kind: "folder", path: "/srv/team" }, with_default: false } }); });
  });
});
