import { act, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";

const settled = async (): Promise<void> => {
  await waitFor(() => { expect(screen.getByTestId("apply-change")).toBeEnabled(); }, { timeout: 2000 });
};

describe("policies", () => {
  it("shows each policy with what it asks for, its tools, its condition and its mode", async () => {
    openWindow("/policies", "full");
    const rows = await screen.findAllByTestId("policy-row");
    expect(rows).toHaveLength(6);
    expect(rows[0]).toHaveTextContent("Large expenses need finance");
    expect(rows[0]).toHaveTextContent("Ask for approval");
    expect(rows[0]).toHaveTextContent("expenses/create_expense");
    expect(rows[0]).toHaveTextContent("amount > 5000 && user.role != \"finance\"");
    expect(within(rows[0]!).getByRole("radio", { name: "Enforce" })).toBeChecked();
    expect(rows[2]).toHaveTextContent("applied once in 30 days");
    expect(screen.getByTestId("precedence")).toHaveTextContent("The order of the list does not matter.");
    expect(screen.getByTestId("precedence")).toHaveTextContent("A call is allowed.");
  });

  it("switches a mode, says what that means, and takes it back", async () => {
    const { user, host } = openWindow("/policies", "full");
    const rows = await screen.findAllByTestId("policy-row");
    await user.click(within(rows[2]!).getByRole("radio", { name: "Off" }));
    expect(await screen.findByTestId("mode-changed")).toHaveTextContent("Payments only with a passkey is off: calls are decided without it.");
    expect(host.sent).toContainEqual({ name: "set_policy_mode", body: { id: "payments", mode: "off" } });
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => { expect(host.world.policies.rows[2]?.mode).toBe("enforce"); });
  });

  it("says when a mode could not be switched, and that nothing changed", async () => {
    const { user, host } = openWindow("/policies", "full");
    const rows = await screen.findAllByTestId("policy-row");
    host.fail("set_policy_mode", { code: "read_only", message: "`payments.toml` cannot be written", hint: "check its permissions" });
    await user.click(within(rows[2]!).getByRole("radio", { name: "Off" }));
    expect(await screen.findByTestId("failure")).toHaveTextContent("The policy was not changed. It stays as it was.payments.toml cannot be written.");
    expect(within(rows[2]!).getByRole("radio", { name: "Enforce" })).toBeChecked();
  });

  it("with a thousand of them draws a portion, and search finds those behind it", async () => {
    const { user } = openWindow("/policies", "full", ({ policies }) => {
      const [first] = policies.rows;
      policies.rows = Array.from({ length: 1000 }, (_, index) => ({ ...first!, id: `p-${index}`, name: `Policy number ${index}.` }));
    });
    expect(await screen.findAllByTestId("policy-row")).toHaveLength(60);
    await user.click(screen.getByTestId("more-policies"));
    expect(screen.getAllByTestId("policy-row")).toHaveLength(120);
    await user.type(screen.getByTestId("policy-search"), "number 987.");
    expect(screen.getAllByTestId("policy-row")).toHaveLength(1);
  });

  it("says of an observed policy how often it would have applied", async () => {
    openWindow("/policies", "full", ({ policies }) => { Object.assign(policies.rows[2]!, { mode: "observe", applied_30_days: 12 }); });
    expect((await screen.findAllByTestId("policy-row"))[2]).toHaveTextContent("would have applied 12 times in 30 days");
  });

  it("says beside a policy that its removal waits for the passkey, and begins no second one", async () => {
    const { user, host } = openWindow("/policies", "full");
    const proven = host.wait("delete_policy");
    await user.click(await screen.findByTestId("more-payments"));
    await user.click(await screen.findByTestId("delete-payments"));
    const row = screen.getByTestId("more-payments").closest<HTMLElement>("[data-testid=policy-row]");
    expect(await within(row!).findByTestId("waits", undefined, { timeout: 3000 })).toHaveTextContent("If your browser asks for your passkey, use it there.");
    expect(screen.getByTestId("more-payments")).toBeDisabled();
    proven();
    expect(await screen.findByTestId("policy-deleted")).toBeInTheDocument();
    expect(host.sent.filter(({ name }) => name === "delete_policy")).toHaveLength(1);
  });

  it("finds by name, tool and condition", async () => {
    const { user } = openWindow("/policies", "full");
    await screen.findAllByTestId("policy-row");
    await user.type(screen.getByTestId("policy-search"), "branch ==");
    expect(screen.getAllByTestId("policy-row")).toHaveLength(1);
    await user.clear(screen.getByTestId("policy-search"));
    await user.type(screen.getByTestId("policy-search"), "zzz");
    expect(screen.getByText(/No policy matches/)).toBeInTheDocument();
  });
});

describe("a change on disk", () => {
  it("is shown line by line and applied by its hash, once it was on screen for a moment", async () => {
    const { user, host } = openWindow("/policies", "full");
    const panel = await screen.findByTestId("waiting-change");
    expect(panel).toHaveTextContent("when = 'amount > 9000");
    expect(within(panel).getAllByText(/added:/)).toHaveLength(2);
    expect(screen.getByTestId("apply-change")).toBeDisabled();
    await settled();
    await user.click(screen.getByTestId("apply-change"));
    expect(host.sent).toContainEqual({ name: "confirm_change", body: { hash: "c0ffee00" } });
    await waitFor(() => { expect(screen.queryByTestId("waiting-change")).toBeNull(); });
  });

  it("is put back only after it was asked once more", async () => {
    const { user, host } = openWindow("/policies", "full");
    await user.click(await screen.findByTestId("put-back"));
    const dialog = await screen.findByRole("dialog", { name: "Put back 1 file?" });
    expect(host.sent.map(({ name }) => name)).not.toContain("discard_change");
    await user.click(within(dialog).getByTestId("confirm-action"));
    await waitFor(() => { expect(host.sent).toContainEqual({ name: "discard_change", body: { hash: "c0ffee00" } }); });
  });

  it("with problems cannot be applied, and names them", async () => {
    openWindow("/policies", "hostile");
    const panel = await screen.findByTestId("waiting-change");
    expect(panel).toHaveTextContent("large-expenses.toml:4:8: unknown key `whn`; did you mean `when`?");
    expect(screen.getByTestId("apply-change")).toBeDisabled();
    expect(screen.getByTestId("policies-problem")).toBeInTheDocument();
  });

  it("that comes in while one looks is shown, and guarded anew", async () => {
    const { host } = openWindow("/policies", "full");
    await screen.findByTestId("waiting-change");
    await settled();
    act(() => {
      host.changePolicies((view) => {
        view.waiting = { hash: "newer", problems: [], files: [{ path: "other.toml", kind: "added", before: null, after: "name = \"Other\"\n" }] };
      });
    });
    await screen.findByText("other.toml");
    expect(screen.getByTestId("apply-change")).toBeDisabled();
  });
});
