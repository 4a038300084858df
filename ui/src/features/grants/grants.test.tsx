import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";

describe("grants", () => {
  it("lists what is in force with its scope, origin, use and end, and what has ended with why", async () => {
    openWindow("/grants", "full");
    const items = await screen.findAllByTestId("grant-item");
    expect(items.map((item) => item.dataset["state"])).toEqual(["in_force", "in_force", "expired", "used_up", "void"]);
    const [first, second, expired, , changed] = items;
    expect(first).toHaveTextContent("claude-code may run expenses/create_expense");
    expect(first).toHaveTextContent("amount from 0 up to 7250.00");
    expect(first).toHaveTextContent("folder ~/code/shop");
    expect(first).toHaveTextContent("ends in 40 minutes");
    expect(first).toHaveTextContent("used 3 times, for 2 more calls, last 4 min ago");
    expect(first).toHaveTextContent("made 20 min ago by Ana Ruiz, in the window");
    expect(second).toHaveTextContent("in its session of then");
    expect(expired).toHaveTextContent("Its time is over.");
    expect(expired).toHaveTextContent("not used yet");
    expect(changed).toHaveTextContent("The tool, or the flow it stood in for, is not what it was.");
    expect(within(expired!).queryByRole("button")).not.toBeInTheDocument();
    expect(screen.getByText("2 in force")).toBeInTheDocument();
  });

  it("revokes at once, by one press, and says what follows", async () => {
    const { user, host } = openWindow("/grants", "full");
    await user.click(await screen.findByRole("button", { name: "Revoke claude-code, expenses/create_expense" }));
    expect(host.sent).toContainEqual({ name: "revoke_grant", body: { id: "g-3xq5" } });
    await waitFor(() => { expect(screen.getByText("1 in force")).toBeInTheDocument(); });
    expect(screen.getByText("Such calls wait for you again.")).toBeInTheDocument();
  });

  it("opens the call that a grant was made on", async () => {
    const { user, history } = openWindow("/grants", "full");
    await user.click(await screen.findByTestId("origin-g-3xq5"));
    await waitFor(() => { expect(history.location.search).toBe("?call=873"); });
    expect(await screen.findByTestId("activity-detail")).toHaveTextContent("2026");
  });

  it("keeps the list and says so when revoking does not work", async () => {
    const { user, host } = openWindow("/grants", "full");
    host.fail("revoke_grant", { code: "journal", message: "the journal cannot be written", hint: "Free some space." });
    await user.click(await screen.findByTestId("revoke-g-7kza"));
    expect(await screen.findByTestId("failure")).toHaveTextContent("It was not revoked.The journal cannot be written.");
    expect(screen.getByText("2 in force")).toBeInTheDocument();
  });

  it("says what a grant is while there is none", async () => {
    openWindow("/grants", "empty");
    expect(await screen.findByTestId("empty-grants")).toHaveTextContent("Nothing was granted");
  });
});
