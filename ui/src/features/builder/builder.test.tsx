import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, describe, expect, it } from "vitest";
import type { AttributeChoice, OperatorChoice } from "@/ipc/schema";
import { openWindow } from "@/testing/render";
import { foundBy } from "./found-by";
import { addTo, asGroup, leafNumbers, moveTo, removeAt, rowFor, withOperator, type Group } from "./tree";

beforeEach(() => { localStorage.clear(); });

const free = (text: string) => ({ kind: "free", negated: false, text } as const);
const group = (...parts: Group["parts"]): Group => ({ kind: "group", joined: "all", negated: false, parts });

describe("the tree", () => {
  it("moves a part into a group below it, and a group that is left empty goes", () => {
    const tree = group(free("a"), group(free("b")));
    expect(moveTo(tree, [0], [1, 1])).toEqual(group(group(free("b"), free("a"))));
    expect(moveTo(tree, [1, 0], [0])).toEqual(group(free("b"), free("a")));
  });

  it("never moves a group into itself", () => {
    const tree = group(group(free("a"), free("b")), free("c"));
    expect(moveTo(tree, [0], [0, 1])).toBe(tree);
  });

  it("adds, removes, and numbers the leaves in the order written", () => {
    const tree = addTo(group(group(free("a")), free("b")), [0], free("c"));
    expect([...leafNumbers(tree)]).toEqual([["0.0", 0], ["0.1", 1], ["1", 2]]);
    expect(removeAt(group(group(free("a")), free("b")), [0, 0])).toEqual(group(free("b")));
    expect(asGroup(free("a"))).toEqual(group(free("a")));
  });
});

const operator = (id: string, takes: OperatorChoice["takes"]): OperatorChoice =>
  ({ id, label: id, operator: id, negated: false, each_all: false, each_negated: false, takes, kinds: ["number"], ignores_case: false });
const parameter = (name: string, description: string | null): AttributeChoice => ({
  id: `args.${name}`, attribute: name, part: null, label: name, group: "Parameters", kind: "number", editor: "number", description, unit: null, notes: [], values: [],
  closed: false, operators: [operator("equals", "one"), operator("in_list", "many")],
});

describe("a row", () => {
  it("has no value that cannot be seen once it takes several", () => {
    const amount = parameter("amount", null);
    expect(withOperator(rowFor(amount), amount, amount.operators[1]!).values).toEqual([]);
    const five = { ...rowFor(amount), values: [{ kind: "number", text: "5" }] } as const;
    expect(withOperator({ ...five, values: [...five.values] }, amount, amount.operators[1]!).values).toEqual([{ kind: "number", text: "5" }]);
  });

  it("is found by its name before others whose words say it", () => {
    const both = [parameter("amount", "In the currency below"), parameter("currency", null)];
    expect(foundBy("currency", both).map(({ label }) => label)).toEqual(["currency", "amount"]);
    expect(foundBy("", both)).toBe(both);
  });
});

describe("the builder", () => {
  it("shows a policy as rows, sentence, text and effect", async () => {
    openWindow("/builder?id=large-expenses", "full");
    expect(await screen.findAllByTestId("condition-row")).toHaveLength(2);
    expect(screen.getByTestId("sentence")).toHaveTextContent("amount > 5000");
    await waitFor(() => { expect(screen.getByTestId("effect")).toHaveTextContent("12 would wait for approval"); });
    expect(screen.getByTestId("save-policy")).toBeDisabled();
  });

  it("changes a value, says what saving does, saves, and takes a step back", async () => {
    const { user, host } = openWindow("/builder?id=large-expenses", "full");
    const [value] = await screen.findAllByTestId("value");
    await user.clear(value!);
    await user.type(value!, "700");
    await waitFor(() => { expect(screen.getByTestId("sentence")).toHaveTextContent("amount > 700"); });
    await user.click(screen.getByTestId("undo"));
    await waitFor(() => { expect(screen.getAllByTestId("value")[0]).toHaveValue("5000"); });
    await user.click(screen.getByTestId("redo"));
    await waitFor(() => { expect(screen.getByTestId("save-policy")).toBeEnabled(); });
    await user.click(screen.getByTestId("save-policy"));
    expect(await screen.findByTestId("saved")).toBeInTheDocument();
    expect(host.world.policies.rows.find(({ id }) => id === "large-expenses")?.condition).toContain("amount > 700");
  });

  it("marks a row that is not finished, and does not offer to save it", async () => {
    const { user } = openWindow("/builder?id=large-expenses", "full");
    const [value] = await screen.findAllByTestId("value");
    await user.clear(value!);
    await waitFor(() => { expect(screen.getAllByTestId("condition-row")[0]).toHaveTextContent("A value is missing."); });
    expect(screen.getByTestId("save-policy")).toBeDisabled();
    expect(screen.getByTestId("save-note")).toHaveTextContent("A row of the condition is not finished.");
  });

  it("takes nothing that is typed while a save waits for the passkey, so that nothing typed is lost", async () => {
    const { user, host } = openWindow("/builder?id=large-expenses", "full");
    await user.type(await screen.findByTestId("draft-name"), " now");
    await waitFor(() => { expect(screen.getByTestId("save-policy")).toBeEnabled(); });
    const proven = host.wait("save_policy");
    await user.click(screen.getByTestId("save-policy"));
    await waitFor(() => { expect(screen.getByTestId("draft-name").closest("[inert]")).not.toBeNull(); });
    expect(screen.getByTestId("undo")).toBeDisabled();
    expect(screen.getByTestId("leave")).toBeDisabled();
    proven();
    expect(await screen.findByTestId("saved")).toBeInTheDocument();
    expect(screen.getByTestId("draft-name").closest("[inert]")).toBeNull();
    expect(screen.getByTestId("draft-name")).toHaveValue("Large expenses need finance now");
  });

  it("says that it is saved where only reading it again failed", async () => {
    const { user, host } = openWindow("/builder?id=large-expenses", "full");
    await user.type(await screen.findByTestId("draft-name"), " now");
    await waitFor(() => { expect(screen.getByTestId("save-policy")).toBeEnabled(); });
    host.fail("open_draft", { code: "io", message: "the file cannot be read", hint: "look at the disk" });
    await user.click(screen.getByTestId("save-policy"));
    expect(await screen.findByText("The file could not be read again.")).toBeInTheDocument();
    expect(screen.queryByText("The policy was not saved. Your draft is kept.")).toBeNull();
    expect(screen.getByTestId("draft-name")).toHaveValue("Large expenses need finance now");
  });

  it("shows both where the file was changed underneath, and keeps the draft", async () => {
    const { user, host } = openWindow("/builder?id=large-expenses", "full");
    await screen.findAllByTestId("condition-row");
    host.world.texts["large-expenses"] = "name = \"Theirs\"\n";
    await user.type(screen.getByTestId("draft-name"), " now");
    await waitFor(() => { expect(screen.getByTestId("save-policy")).toBeEnabled(); });
    await user.click(screen.getByTestId("save-policy"));
    const notice = await screen.findByTestId("changed-underneath");
    await user.click(within(notice).getByTestId("keep-mine"));
    await waitFor(() => { expect(screen.getByTestId("save-policy")).toBeEnabled(); });
    await user.click(screen.getByTestId("save-policy"));
    expect(await screen.findByTestId("saved")).toBeInTheDocument();
  });

  it("keeps a draft over a restart, and begins again where asked", async () => {
    const first = openWindow("/builder?id=large-expenses", "full");
    await first.user.type(await screen.findByTestId("draft-name"), " now");
    await waitFor(() => { expect(localStorage.getItem("doorward-draft:policy:large-expenses")).toContain("finance now"); });
    first.history.push("/policies");
    await screen.findAllByTestId("policy-row");
    first.history.push("/builder?id=large-expenses");
    expect(await screen.findByTestId("kept")).toBeInTheDocument();
    await first.user.click(screen.getByRole("button", { name: "Start again" }));
    expect(screen.getByTestId("draft-name")).toHaveValue("Large expenses need finance");
  });
});
