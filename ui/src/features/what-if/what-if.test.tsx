import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { openWindow } from "@/testing/render";
import { parametersOf, written } from "./call-values";

const parameter = (id: string, more: object = {}) => ({
  id, attribute: id, part: null, group: "Parameters", label: id, description: null, kind: "text", unit: null, notes: ["required"], values: [], closed: false,
  editor: "text" as const, operators: [], ...more,
});

describe("the call that is written", () => {
  it("keeps the digits of numbers, nests objects, and sends what is no number as text", () => {
    const parameters = parametersOf([
      parameter("args.amount", { editor: "number", kind: "number" }), parameter("args.address", { kind: "object" }), parameter("args.address.city"),
      parameter("args.tags", { kind: "list" }), parameter("args.urgent", { editor: "flag" }), parameter("args.tags[]", { part: "" }), parameter("user.name"),
    ]);
    expect(parameters.map(({ label }) => label)).toEqual(["amount", "address.city", "tags", "urgent"]);
    const values = { "args.amount": "7250.00", "args.address.city": "Köln \"1\"", "args.tags": "[\"a\", 1.0]", "args.urgent": "true" };
    expect(written(parameters, values)).toBe("{\n  \"amount\": 7250.00,\n  \"address\": {\n    \"city\": \"Köln \\\"1\\\"\"\n  },\n  \"tags\": [\"a\", 1.0],\n  \"urgent\": true\n}");
    expect(JSON.parse(written(parameters, { "args.amount": "lots" }))).toEqual({ amount: "lots" });
    expect(written(parameters, {})).toBe("{}");
  });
});

describe("what if", () => {
  it("fills in a call by its parameters and draws why, with every compared value", async () => {
    const { user, host } = openWindow("/what-if", "full");
    const amount = await screen.findByTestId("try-amount");
    await user.clear(amount);
    await user.type(amount, "7250.00");
    await user.click(screen.getByTestId("try-now"));
    const outcome = await screen.findByTestId("try-outcome");
    expect(within(outcome).getByText("Held for approval")).toBeInTheDocument();
    const tree = within(outcome).getByTestId("truth-tree");
    expect(tree).toHaveTextContent("all of");
    expect(tree).toHaveTextContent("none of");
    expect(tree).toHaveTextContent("amount > 5000it was 7250.00, holds");
    expect(tree).toHaveTextContent("nothing was given");
    const asked = host.sent.find(({ name }) => name === "what_if")?.body as { draft: unknown; arguments: string };
    expect(asked.draft).toBeNull();
    expect(JSON.parse(asked.arguments)).toMatchObject({ amount: 7250 });
    expect(asked.arguments).toContain("7250.00");
  });

  it("takes a verdict away once it is about another call", async () => {
    const { user } = openWindow("/what-if", "full");
    const amount = await screen.findByTestId("try-amount");
    await user.click(screen.getByTestId("try-now"));
    await screen.findByTestId("try-outcome");
    await user.type(amount, "0");
    expect(screen.queryByTestId("try-outcome")).toBeNull();
    expect(screen.getByTestId("try-changed")).toHaveTextContent("The call is another one now.");
  });

  it("takes the same call as JSON", async () => {
    const { user, host } = openWindow("/what-if", "full");
    await screen.findByTestId("try-amount");
    await user.click(screen.getByText("Paste JSON"));
    const area = await screen.findByTestId("try-arguments");
    await user.clear(area);
    await user.click(area);
    await user.paste("{\"amount\": 1}");
    await user.click(screen.getByTestId("try-now"));
    await waitFor(() => { expect(host.sent.find(({ name }) => name === "what_if")?.body).toMatchObject({ arguments: "{\"amount\": 1}" }); });
  });
});
