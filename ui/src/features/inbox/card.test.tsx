import { act, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { argument } from "@/testing/cards";
import { openWindow } from "@/testing/render";

const FIRST = "h-7m3kq2xw5a4nzr6tbc2d";
const row = (name: string): HTMLElement => {
  const found = screen.getAllByTestId("argument").find((one) => one.querySelector("dt")?.textContent.startsWith(name));
  if (found === undefined) throw new Error(`no argument ${name}`);
  return found;
};

describe("a call that an approver changed", () => {
  it("says what the agent had asked for, and that the rest is as it was", async () => {
    openWindow("/inbox", "full", (world) => {
      const [card] = world.cards;
      if (card === undefined) return;
      const [, ...rest] = card.arguments;
      card.asked = [argument("amount", "99000.00", { kind: "number" }), ...rest.slice(0, -1), argument("bcc", "eve@corp.example")];
    });
    const asked = await screen.findByTestId("asked");
    expect(asked).toHaveTextContent("An approver changed 3 values. The agent asked for:");
    expect(asked).toHaveTextContent("amount 99000.00");
    expect(asked).toHaveTextContent("bcc eve@corp.example, taken out");
    expect(within(asked).getAllByRole("listitem")).toHaveLength(3);
  });
});

describe("a card whose answers cannot be read", () => {
  it("says so, keeps Reject, and reads them again", async () => {
    const { user, host } = openWindow("/inbox", "full", (world) => { world.failing = ["answers"]; });
    expect(await screen.findByText("What else you can answer could not be read. You can still reject it.")).toBeInTheDocument();
    expect(screen.getByTestId("reject")).toBeEnabled();
    host.fail("answers", null);
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByTestId("extend")).toBeInTheDocument();
  });
});

describe("what differs from the last approved call", () => {
  it("is said by value, with who approved it, how and when", async () => {
    openWindow("/inbox", "full");
    expect(await screen.findByTestId("last-approved")).toHaveTextContent(
      "4 values differ from the last approved call of this tool: Ana Ruiz, on a notification, 3 h ago.",
    );
    expect(within(row("amount")).getByTestId("earlier")).toHaveTextContent("was 6800.00");
    expect(within(row("reference")).getByTestId("earlier")).toHaveTextContent("new, it was not there");
    expect(row("currency")).not.toHaveAttribute("data-changed");
    expect(screen.getByTestId("gone")).toHaveTextContent("category was travel");
  });

  it("is shown line by line for a text of several lines", async () => {
    const { user } = openWindow("/inbox", "full");
    await screen.findByTestId("last-approved");
    await user.click(screen.getByRole("button", { name: "Show what changed" }));
    const diff = screen.getByRole("group", { name: "What changed in memo" });
    expect(diff).toHaveTextContent("removed: please find attached the settlement for the second quarter.");
    expect(diff).toHaveTextContent("added: please find attached the settlement for the third quarter.");
  });

  it("is not called unchanged where the record left it out, and not spoken of where nothing was approved", async () => {
    openWindow("/inbox", "full", (world) => {
      const [card, other] = world.cards;
      if (card?.last_approved !== undefined) card.last_approved.changes = [{ argument: 1, kind: "not_kept", was: null }];
      delete other?.last_approved;
    });
    await screen.findByTestId("last-approved");
    expect(within(row("currency")).getByTestId("earlier")).toHaveTextContent("its earlier value is not on record");
  });
});

describe("an argument", () => {
  it("has its unit, and its look-alike letters marked and counted", async () => {
    openWindow("/inbox", "full", (world) => {
      const pieces = [
        { kind: "plain" as const, text: "p" }, { kind: "look_alike" as const, text: "а", like: "a", name: "CYRILLIC" },
        { kind: "plain" as const, text: "y.example" },
      ];
      world.cards[0]?.arguments.push({ ...argument("site", "x"), pieces });
    });
    await screen.findByTestId("card");
    expect(row("amount")).toHaveTextContent("7250.00 EUR");
    expect(row("site")).toHaveTextContent("pаCYRILLICy.example");
    expect(screen.getByLabelText("а, CYRILLIC, looks like a")).toBeInTheDocument();
    expect(screen.getByText("1 look-alike, marked")).toBeInTheDocument();
  });

  it("that is a diff shows what it adds and takes out", async () => {
    openWindow("/inbox", "burst");
    await screen.findByTestId("card");
    const kinds = [...row("content").querySelectorAll("[data-kind]")].map((line) => [line.getAttribute("data-kind"), line.textContent]);
    expect(kinds).toContainEqual(["removed", "5-  return items.reduce((sum, item) => sum + item.price, 0);"]);
    expect(kinds).toContainEqual(["added", "6+  return items.reduce((sum, item) => sum.plus(item.price), Money.zero);"]);
  });
});

describe("a hold that was decided elsewhere", () => {
  it("stays on show with who decided it and by which means", async () => {
    const { host } = openWindow("/inbox", "full");
    await screen.findByTestId("card");
    await act(async () => {
      host.changeCard(FIRST, (card) => {
        card.state = "released";
        card.votes.push({ by: "Ana Ruiz", approves: true, means: "on a notification", at: Date.now() });
      });
      await Promise.resolve();
    });
    await waitFor(() => { expect(screen.getByTestId("decided")).toHaveTextContent("Approved by Ana Ruiz on a notification and sent"); });
    expect(screen.getByRole("region", { name: "Just decided" })).toHaveTextContent("approved by Ana Ruiz on a notification and sent");
  });

  it("keeps the reason of a rejection", async () => {
    const { host } = openWindow("/inbox", "full");
    await screen.findByTestId("card");
    await act(async () => {
      host.changeCard(FIRST, (card) => {
        card.state = "ended";
        card.verdict = "rejected: not now: ask me";
        card.votes.push({ by: "Ben", approves: false, means: "at the terminal", at: Date.now() });
      });
      await Promise.resolve();
    });
    await waitFor(() => { expect(screen.getByTestId("decided")).toHaveTextContent("Rejected by Ben at the terminal: not now: ask me"); });
  });
});
