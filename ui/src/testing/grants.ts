/** What can be answered beside approve and reject, and grants that were made: daily and hostile. */
import type { Answers, GrantChoice, GrantChoices, GrantRow, PastCall } from "@/ipc/schema";
import { HOUR, MINUTE, SECOND } from "./cards";

export const NO_ANSWERS: Answers = { voter: "Ana Ruiz", extend_until: null, edit: null, no_edit: null, grant: null, no_grant: null, proof: null };

const exactly = (value: string, words = `exactly ${value}`): GrantChoice => ({ bound: { kind: "exactly", value }, words, editable: false });
const any: GrantChoice = { bound: { kind: "any", value: null }, words: "any value, or none", editable: false };
const limit = (argument: string, choices: GrantChoice[], title: string | null = null): GrantChoices => ({ argument, title, choices });

const EXPENSE = {
  amount: "7250.00", currency: "EUR", payee: "Nordwind\u200b GmbH", reference: "Invoice 2026-1184",
  memo: "Dear Sir or Madam,\n\nplease find attached the settlement for the third quarter.\n", lines: "[{\"item\":\"freight\",\"net\":6100.00}]",
};

export function dailyAnswers(now: number): Record<string, Answers> {
  return {
    "h-7m3kq2xw5a4nzr6tbc2d": {
      ...NO_ANSWERS,
      extend_until: now + 761 * SECOND + 15 * MINUTE,
      edit: `{"amount":${EXPENSE.amount},"currency":"${EXPENSE.currency}","payee":${JSON.stringify(EXPENSE.payee)},`
        + `"reference":"${EXPENSE.reference}","memo":${JSON.stringify(EXPENSE.memo)},"approved_before":false,"lines":${EXPENSE.lines}}`,
      grant: {
        session: true, project: "~/code/shop",
        scope: [
          limit("amount", [exactly(EXPENSE.amount), { bound: { kind: "up_to", value: EXPENSE.amount }, words: "from 0 up to", editable: true }, any], "Amount"),
          limit("currency", [exactly("\"EUR\"", "exactly EUR"), any]),
          limit("payee", [exactly("\"Nordwind GmbH\"", "exactly this text"), { bound: { kind: "prefix", value: "Nordwind" }, words: "begins with", editable: true }, any]),
          limit("memo", [exactly(JSON.stringify(EXPENSE.memo), "exactly this text of 4,182 characters"), any]),
        ],
      },
    },
    "h-2c6vtr4pq7xj5ms3ka6e": {
      ...NO_ANSWERS, edit: "{\"customer_id\":\"c-88231\"}",
      no_grant: "the screen's lock cannot be read on this machine, and no grant is made without knowing",
    },
    "h-5n2bqa7wd3kz6xp4vt2r": {
      ...NO_ANSWERS, extend_until: now + 30 * MINUTE,
      edit: "{\"path\":\"/home/ana/code/shop/src/checkout/total.ts\",\"content\":\"export function total(): Money {\\n  return Money.zero;\\n}\\n\"}",
      grant: {
        session: false, project: null,
        scope: [
          limit("path", [
            exactly("\"/home/ana/code/shop/src/checkout/total.ts\"", "exactly this path"),
            { bound: { kind: "within", value: "/home/ana/code/shop/src/checkout" }, words: "in the folder", editable: true }, any,
          ]),
          limit("content", [exactly("\"export function\"", "exactly this text of 140 characters"), any]),
        ],
      },
    },
  };
}

export function pastCalls(now: number): PastCall[] {
  return [
    { seq: 861, at: now - 44 * MINUTE, summary: "amount 640.00, currency EUR, payee Nordwind GmbH", outcome: "approved" },
    { seq: 712, at: now - 26 * HOUR, summary: "amount 7100.00, currency EUR, payee Nordwind GmbH", outcome: "rejected" },
    { seq: 655, at: now - 51 * HOUR, summary: "amount 12, currency EUR, payee Nordwind GmbH", outcome: "allowed" },
  ];
}

export function grantOf(grant: Partial<GrantRow> & Pick<GrantRow, "id" | "made_at" | "until">): GrantRow {
  return {
    agent: "claude-code", user: "Ana Ruiz", upstream: "expenses", tool: "create_expense",
    sentence: "claude-code may run expenses/create_expense with amount up to 7250.00 and currency EUR",
    scope: [{ argument: "amount", words: "from 0 up to 7250.00" }, { argument: "currency", words: "exactly EUR" }],
    project: null, session: false, made_by: "Ana Ruiz, in the window", origin: 873, hits: 0, uses_left: null, last_used: null,
    state: "in_force", ...grant,
  };
}

export function dailyGrants(now: number): GrantRow[] {
  return [
    grantOf({
      id: "g-3xq5", made_at: now - 20 * MINUTE, until: now + 40 * MINUTE, project: "~/code/shop", hits: 3, uses_left: 2, last_used: now - 4 * MINUTE,
    }),
    grantOf({
      id: "g-7kza", agent: "codex", upstream: "filesystem", tool: "write_file", made_at: now - 3 * HOUR, until: now + 5 * HOUR, session: true, hits: 41,
      last_used: now - 12 * SECOND, origin: 840,
      sentence: "codex may run filesystem/write_file with path in the folder /home/ana/code/shop/src/checkout",
      scope: [{ argument: "path", words: "in the folder /home/ana/code/shop/src/checkout" }, { argument: "content", words: "any value, or none" }],
    }),
    grantOf({
      id: "g-old1", agent: "cursor", upstream: "crm", tool: "merge_accounts", made_at: now - 30 * HOUR, until: now - 22 * HOUR, hits: 0, origin: null,
      sentence: "cursor may run crm/merge_accounts with from 4402 and into 4401", state: "expired",
      scope: [{ argument: "from", words: "exactly 4402" }, { argument: "into", words: "exactly 4401" }],
    }),
    grantOf({
      id: "g-old2", made_at: now - 50 * HOUR, until: now + 100 * HOUR, hits: 5, uses_left: 0, last_used: now - 49 * HOUR, state: "used_up", origin: 655,
    }),
    grantOf({ id: "g-old3", made_at: now - 60 * HOUR, until: now + 9 * HOUR, hits: 1, last_used: now - 59 * HOUR, state: "void", origin: 640 }),
  ];
}

export function hostileGrants(now: number): GrantRow[] {
  return Array.from({ length: 60 }, (_, i) => grantOf({
    id: `g-${i}`, agent: "the-agent-with-a-name-as-long-as-anybody-would-ever-want-to-write-down", upstream: "a-vendor-with-a-long-name",
    tool: "synchronise_every_record_of_every_connected_workspace_including_archived_and_deleted_ones",
    sentence: `it may run everything\u202e that is not so ${"<b>bold</b> ".repeat(20)}`,
    scope: Array.from({ length: 12 }, (__, n) => ({ argument: `argument_${n}_with_a_long_name`, words: `exactly ${"x".repeat(120)}\u200b` })),
    project: "/home/ana/a/folder/with/a/very/long/path/that/does/not/end/where/one/would/expect/it/to/end",
    made_at: now - i * HOUR, until: now + (30 - i) * HOUR, hits: 1_204_118, uses_left: 4_000_000, last_used: now - i * MINUTE,
    state: i < 30 ? "in_force" : "expired",
  }));
}
