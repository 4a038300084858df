import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";

describe("a flow", () => {
  it("is put into another order by keys, and the place is said", async () => {
    const { user, host } = openWindow("/flows?flow=finance", "full");
    const [first] = await screen.findAllByTestId("stage-grip");
    first?.focus();
    await user.keyboard("{ArrowDown}");
    expect(await screen.findByText("Stage 1 is stage 2 now.")).toBeInTheDocument();
    await waitFor(() => { expect(screen.getAllByTestId("stage-grip")[1]).toHaveFocus(); });
    await waitFor(() => { expect(screen.getByTestId("save-flow")).toBeEnabled(); });
    await user.click(screen.getByTestId("save-flow"));
    await waitFor(() => {
      const sent = host.sent.find(({ name }) => name === "save_flow")?.body as { draft: { stages: { from: number }[] } } | undefined;
      expect(sent?.draft.stages.map(({ from }) => from)).toEqual([1, 0]);
    });
  });

  it("says whether the people there are can satisfy it, and what each finds on the card", async () => {
    const { user } = openWindow("/flows?flow=finance", "full");
    await waitFor(() => { expect(screen.getByTestId("satisfiable")).toHaveTextContent("Yes"); });
    expect(screen.getByRole("img", { name: /Approve with a passkey/ })).toBeInTheDocument();
    const [votes] = screen.getAllByRole("textbox", { name: "Votes needed" });
    await user.clear(votes!);
    await user.type(votes!, "5");
    await waitFor(() => { expect(screen.getByTestId("satisfiable")).toHaveTextContent("No: at stage 1"); });
  });

  it("says before Save is pressed that it needs the passkey, and why", async () => {
    const { user } = openWindow("/builder?id=large-expenses", "full", (world) => { world.proof = ["`large-expenses.toml` is changed"]; });
    await user.type(await screen.findByTestId("draft-name"), " now");
    await waitFor(() => { expect(screen.getByTestId("save-policy")).toHaveTextContent("Save, needs your passkey"); });
    expect(screen.getByTestId("save-proof")).toHaveTextContent("Needs your passkey, because large-expenses.toml is changed.");
  });
});
