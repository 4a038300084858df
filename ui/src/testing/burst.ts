/** Seven calls of one agent in a row, and one that waits for others. */
import type { Card } from "@/ipc/schema";
import { argument, cardOf, stageOf, MINUTE, SECOND } from "./cards";

const PATCH = `--- a/src/checkout/total.ts
+++ b/src/checkout/total.ts
@@ -1,4 +1,4 @@
 export function total(items: readonly Item[]): Money {
-  return items.reduce((sum, item) => sum + item.price, 0);
+  return items.reduce((sum, item) => sum.plus(item.price), Money.zero);
 }
`;

export function burstCards(now: number): Card[] {
  const write = (i: number): Card => cardOf({
    hold: `h-burst-${i}`, agent: "claude-code", program: "claude", process: 4312, project: "~/code/shop", branch: "checkout",
    upstream: "filesystem", tool: "write_file", tool_title: "Write file", destructive: true,
    arguments: [
      argument("path", `/home/ana/code/shop/src/checkout/step-${i}.ts`),
      argument("content", i === 0 ? PATCH : `export const step${i} = { title: "Step ${i}" };\n`),
      argument("encoding", "utf-8"), argument("overwrite", "true", { kind: "true/false" }),
    ],
    reasons: [{
      kind: "policy", policy: "writes-in-shop", name: "Writes in the shop are looked at", description: "", action: "request_approval",
      sentence: "`path` is within `/home/ana/code/shop`",
    }],
    opened_at: now - (20 - i) * SECOND, deadline: now + 14 * MINUTE + i * SECOND,
  });
  const halfWay = cardOf({
    hold: "h-half-way", agent: "codex", program: "codex", process: 5177, project: "~/code/shop", branch: "main",
    upstream: "expenses", tool: "create_expense", owner_voted: true,
    arguments: [{ ...argument("amount", "9400", { kind: "number", title: "Amount" }), unit: "USD" }, argument("currency", "USD")],
    reasons: [{
      kind: "policy", policy: "large-expenses", name: "Large expenses need two", description: "", action: "request_approval",
      sentence: "`amount` is `9400`, greater than `5000`",
    }],
    stages: [stageOf({ flow: "two", name: "Two pairs of eyes", approvers: "finance", votes: 1, voters: ["Ana Ruiz"], required: 2, current: true })],
    votes: [{ by: "Ana Ruiz", approves: true, means: "in the window", at: now - 40 * SECOND }],
    opened_at: now - 2 * MINUTE, deadline: now + 30 * MINUTE,
  });
  return [...Array.from({ length: 7 }, (_, i) => write(i)), halfWay];
}
