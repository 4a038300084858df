import { screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { click, fill, GUARD, moveClock, pass, press } from "@/testing/hands";
import { openWindow } from "@/testing/render";
import type { World } from "@/testing/scenarios";
import { changesOf, fieldsOf, problemOf, withEdits } from "./edited";
import { parseJson, printJson } from "@/lib/exact-json";

const EXPENSE = "h-7m3kq2xw5a4nzr6tbc2d";
const DELETION = "h-2c6vtr4pq7xj5ms3ka6e";

beforeEach(() => { moveClock(); });
afterEach(() => { vi.useRealTimers(); });

const open = async (hold = EXPENSE, prepare: (world: World) => void = () => undefined) => {
  const opened = openWindow(`/inbox?hold=${hold}`, "full", prepare);
  await screen.findByTestId("card");
  await screen.findByTestId("edit");
  await pass(GUARD);
  const sent = (name: string): unknown[] => opened.host.sent.filter((one) => one.name === name).map(({ body }) => body);
  return { ...opened, sent };
};

describe("extending", () => {
  it("by E puts the deadline off once, says until when, and offers it no more", async () => {
    const { sent } = await open();
    expect(screen.getByTestId("deadline")).toHaveTextContent("12:4");
    await press("e");
    await pass(GUARD);
    expect(sent("extend")).toEqual([{ hold: EXPENSE, digest: `digest-of-${EXPENSE}` }]);
    expect(screen.getByTestId("deadline")).toHaveTextContent("27:4");
    expect(screen.getByTestId("said")).toHaveTextContent(/^Extended until \d\d:\d\d:\d\d$/);
    expect(screen.queryByTestId("extend")).not.toBeInTheDocument();
    await press("e");
    expect(sent("extend")).toHaveLength(1);
  });

  it("is not offered where Rust does not, and says when it did not work", async () => {
    const { host } = await open(DELETION);
    expect(screen.queryByTestId("extend")).not.toBeInTheDocument();
    await press("k");
    await pass(GUARD);
    await screen.findByTestId("extend");
    host.fail("extend", { code: "ended", message: "the hold has ended", hint: "Look at the activity." });
    await click("extend");
    expect(screen.getByTestId("failure")).toHaveTextContent("The deadline stays as it is.The hold has ended.");
  });

  it("is not done by a key that came too early", async () => {
    const { sent } = await open();
    await press("j");
    await press("k");
    await press("e");
    expect(sent("extend")).toEqual([]);
  });
});

describe("editing before approving", () => {
  it("has a field by type, shows what changes, and sends every other number as it was", async () => {
    const { sent } = await open();
    await click("edit");
    expect(screen.getAllByTestId("edit-row")).toHaveLength(7);
    expect(screen.getByTestId("edit-amount")).toHaveFocus();
    expect(screen.getByTestId("approve-edited")).toBeDisabled();
    await fill("edit-amount", "4999.90");
    await fill("edit-reference", "");
    const changes = screen.getByTestId("edit-changes");
    expect(changes).toHaveTextContent("amount was 7250.00 → becomes 4999.90");
    expect(within(changes).getAllByText("empty")).toHaveLength(1);
    await pass(GUARD);
    await click("approve-edited");
    const [body] = sent("approve_edited") as { arguments: string; digest: string }[];
    expect(body?.digest).toBe(`digest-of-${EXPENSE}`);
    expect(body?.arguments).toContain("{\"amount\":4999.90,\"currency\":\"EUR\",");
    expect(body?.arguments).toContain("\"reference\":\"\"");
    expect(body?.arguments).toContain("\"lines\":[{\"item\":\"freight\",\"net\":6100.00}]");
    await pass(1);
    expect(screen.getByTestId("card")).toHaveAttribute("data-state", "released");
    expect(screen.getByTestId("decided")).toHaveTextContent("Approved with edits in the window");
  });

  it("stays shut while a value cannot be sent, and says what it should be", async () => {
    const { sent } = await open();
    await click("edit");
    await fill("edit-amount", "5,000");
    await pass(GUARD);
    expect(screen.getByText("Write a number, such as 12 or 7250.00")).toBeInTheDocument();
    expect(screen.getByTestId("change-wrong")).toHaveTextContent("amount cannot be sent as it is written");
    expect(screen.getByTestId("edit-changes")).not.toHaveTextContent("5,000");
    expect(screen.getByTestId("approve-edited")).toBeDisabled();
    await fill("edit-amount", "5000");
    await fill("edit-lines", "{\"a\":1}");
    await pass(GUARD);
    expect(screen.getByText("It has to stay a list")).toBeInTheDocument();
    expect(screen.getByTestId("approve-edited")).toBeDisabled();
    expect(sent("approve_edited")).toEqual([]);
  });

  it("opens its button only after the last change has stood for a moment", async () => {
    await open();
    await click("edit");
    await fill("edit-amount", "1");
    expect(screen.getByTestId("approve-edited")).toBeDisabled();
    await pass(GUARD - 100);
    await fill("edit-amount", "12");
    await pass(GUARD - 100);
    expect(screen.getByTestId("approve-edited")).toBeDisabled();
    await pass(100);
    expect(screen.getByTestId("approve-edited")).toBeEnabled();
  });

  it("says what a field cannot show, and takes it out on demand", async () => {
    await open();
    await click("edit");
    const row = screen.getAllByTestId("edit-row")[2]!;
    expect(row).toHaveTextContent("1 hidden character in it");
    within(row).getByRole("button", { name: "Take out" }).click();
    await pass(1);
    expect(screen.getByTestId("edit-payee")).toHaveValue("Nordwind GmbH");
    expect(screen.getByTestId("edit-changes")).toHaveTextContent("payee");
  });

  it("is left by Escape, with nothing sent and the focus where it was", async () => {
    const { sent } = await open();
    await click("edit");
    await fill("edit-amount", "1");
    await press("Escape", screen.getByTestId("edit-amount"));
    await pass(GUARD);
    expect(screen.getByTestId("edit")).toHaveFocus();
    expect(screen.getByTestId("approve")).toBeEnabled();
    await press("a", screen.getByTestId("edit"));
    expect(sent("approve_edited")).toEqual([]);
    expect(sent("vote")).toHaveLength(1);
  });

  it("keeps what was written when the vote is not counted, and gives way when the hold ends", async () => {
    const { host } = await open();
    await click("edit");
    await fill("edit-amount", "1");
    await pass(GUARD);
    host.fail("approve_edited", { code: "denied", message: "the policies deny it as edited", hint: "Change it again." });
    await click("approve-edited");
    expect(screen.getByTestId("failure")).toHaveTextContent("The policies deny it as edited.");
    expect(screen.getByTestId("edit-amount")).toHaveValue("1");
    host.end(EXPENSE, "expired: nobody decided in time");
    await pass(10);
    expect(screen.queryByTestId("edit-arguments")).not.toBeInTheDocument();
    expect(screen.getByTestId("decided")).toHaveTextContent("Expired: nobody decided in time");
  });

  it("tells places apart that read alike", () => {
    const asked = parseJson("{\"a\":{\"b\":1.0},\"a.b\":2,\"n\":null,\"e\":{}}");
    const fields = fieldsOf(asked);
    expect(fields.map(({ path, kind }) => [path, kind])).toEqual([["a.b", "number"], ["a.b", "number"], ["n", "null"], ["e", "object"]]);
    const edits = new Map([[fields[1]!.id, "3"], [fields[2]!.id, "\"x\""]]);
    expect(printJson(withEdits(asked, fields, edits))).toBe("{\"a\":{\"b\":1.0},\"a.b\":3,\"n\":\"x\",\"e\":{}}");
    expect(changesOf(fields, edits)).toHaveLength(2);
    expect(problemOf(fields[2]!, "x")).toBe("Not JSON: unexpected x at character 1");
  });
});

describe("the stages", () => {
  it("say who is asked, what is needed of them, and that a deadline passed or was put off", async () => {
    await open("h-5n2bqa7wd3kz6xp4vt2r");
    const stages = within(screen.getByRole("list", { name: "Who must approve" })).getAllByRole("listitem");
    expect(stages.map(({ textContent }) => textContent)).toEqual([
      "Shop, 1 of 2: maintainers or ben, approved by Ben Okafor, escalated, deadline extended",
      "Shop, 0 of 1: release, nobody for their own agent, each with a step-up",
    ]);
  });
});

describe("a grant", () => {
  it("by G begins as narrow as can be, and shows what it would have let go before it is made", async () => {
    const { sent } = await open();
    await press("g");
    expect(screen.getByTestId("limit-amount")).toHaveFocus();
    await pass(GUARD);
    expect(screen.getByTestId("grant-preview")).toHaveTextContent("It would have let go 0 of the last 40 calls of this agent to this tool");
    expect(screen.queryByTestId("grant-loosening")).not.toBeInTheDocument();
    await fill("limit-amount", "1");
    await fill("limit-value-amount", "7300");
    await pass(GUARD);
    expect(screen.getByTestId("grant-preview")).toHaveTextContent("Claude-code may run it with amount up_to 7300");
    expect(screen.getAllByTestId("past-call")).toHaveLength(3);
    expect(screen.getByTestId("grant-loosening")).toHaveTextContent("it loosens the policies");
    await fill("grant-uses", "5");
    await fill("grant-lasting", "This session, at most 1 hour");
    await pass(GUARD);
    await click("grant-save");
    const [body] = sent("grant") as { terms: { until: number } }[];
    expect(body).toEqual({
      hold: EXPENSE, digest: `digest-of-${EXPENSE}`,
      terms: {
        scope: [
          { argument: "amount", bound: { kind: "up_to", value: "7300" } },
          { argument: "currency", bound: { kind: "exactly", value: "\"EUR\"" } },
          { argument: "payee", bound: { kind: "exactly", value: "\"Nordwind GmbH\"" } },
          { argument: "memo", bound: { kind: "exactly", value: expect.stringContaining("Dear Sir") as string } },
        ],
        project: true, until: expect.any(Number) as number, session: true, uses: 5,
      },
    });
    const previewed = sent("preview_grant").at(-1) as { terms: unknown };
    expect(body?.terms).toEqual(previewed.terms);
    await pass(1);
    expect(screen.getByTestId("decided")).toHaveTextContent("Approved with a grant in the window");
  });

  it("cannot be made while Rust says that it cannot, or before it has said what it means", async () => {
    const { host, sent } = await open();
    await press("g");
    await pass(GUARD);
    expect(screen.getByTestId("grant-save")).toBeEnabled();
    await fill("limit-amount", "1");
    await fill("limit-value-amount", "");
    await pass(GUARD);
    expect(screen.getByTestId("grant-preview")).toHaveTextContent("A limit has no value.");
    expect(screen.getByTestId("grant-save")).toBeDisabled();
    host.fail("preview_grant", { code: "locked", message: "the screen is locked", hint: "Unlock it." });
    await fill("limit-value-amount", "5");
    await pass(GUARD);
    expect(screen.getByTestId("grant-save")).toBeDisabled();
    expect(sent("grant")).toEqual([]);
  });

  it("may last until a date of one's own", async () => {
    const { sent } = await open();
    await press("g");
    await fill("grant-lasting", "date");
    await fill("grant-until", "2031-02-03T04:05");
    await pass(GUARD);
    await click("grant-save");
    const [body] = sent("grant") as { terms: { until: number; session: boolean } }[];
    expect(body?.terms.until).toBe(new Date(2031, 1, 3, 4, 5).getTime());
    expect(body?.terms.session).toBe(false);
  });

  it("is not offered where Rust does not, and G says why", async () => {
    await open(DELETION);
    expect(screen.queryByTestId("grant")).not.toBeInTheDocument();
    await press("g");
    expect(screen.getByTestId("said")).toHaveTextContent("The screen's lock cannot be read on this machine");
    expect(screen.queryByTestId("grant-form")).not.toBeInTheDocument();
  });
});

describe("proving", () => {
  const proof = (passkey: boolean, passphrase: boolean) => (world: World): void => {
    const answers = world.answers[EXPENSE];
    if (answers !== undefined) answers.proof = { passkey, passphrase };
  };

  it("opens the page in the browser where a stage alone asks for a passkey", async () => {
    const { sent } = await open(EXPENSE, (world) => {
      const [stage] = world.cards.find(({ hold }) => hold === EXPENSE)?.stages ?? [];
      if (stage !== undefined) stage.step_up = true;
    });
    expect(screen.getByTestId("approve")).toHaveTextContent("Use passkey");
    await press("a");
    expect(sent("prove_hold")).toEqual([{ hold: EXPENSE }]);
    expect(sent("vote")).toEqual([]);
  });

  it("takes the passphrase alone where no passkey could prove it, by keyboard, and once", async () => {
    const { sent } = await open(EXPENSE, proof(false, true));
    expect(screen.getByTestId("approve")).toHaveTextContent("Type passphrase");
    await press("a");
    expect(screen.getByTestId("passphrase-form")).toHaveTextContent("Weaker than a passkey");
    expect(screen.getByTestId("passphrase")).toHaveFocus();
    expect(screen.getByTestId("passphrase")).toHaveAttribute("type", "password");
    await fill("passphrase", "not this one");
    await click("passphrase-send");
    expect(await screen.findByTestId("failure")).toHaveTextContent("Your vote was not counted.");
    expect(screen.getByTestId("passphrase")).toHaveValue("");
    await fill("passphrase", "four words in a row");
    await click("passphrase-send");
    expect(sent("prove_by_passphrase")).toHaveLength(2);
    expect(sent("vote")).toEqual([]);
  });

  it("offers both where both count, the passkey first", async () => {
    await open(EXPENSE, proof(true, true));
    expect(screen.getByTestId("approve")).toHaveTextContent("Use passkey");
    await click("use-passphrase");
    expect(screen.getByTestId("passphrase-form")).toBeInTheDocument();
    await press("Escape", screen.getByTestId("passphrase"));
    expect(screen.queryByTestId("passphrase-form")).not.toBeInTheDocument();
  });
});
