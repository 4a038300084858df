import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
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
    expect(host.sent).toContainEqual({ name: "enrol_passkey", body: { person: "ana", name: "Blue key" } });
  });

  it("lets one of several go after a question", async () => {
    const { user } = openWindow("/security", "full");
    const [, second] = await screen.findAllByTestId("passkey-row");
    if (second === undefined) throw new Error("two passkeys");
    await user.click(within(second).getByTestId("remove-passkey"));
    await user.click(await screen.findByTestId("confirm-action"));
    await waitFor(() => { expect(screen.getAllByTestId("passkey-row")).toHaveLength(1); });
  });

  it("says that a record was not written by Doorward, and enrols nothing over it", async () => {
    openWindow("/security", "hostile");
    expect(await screen.findByTestId("passkeys-problem")).toHaveTextContent("older record");
    expect(screen.getByTestId("enrol")).toBeDisabled();
  });
});
