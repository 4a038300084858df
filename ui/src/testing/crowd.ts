/** A thousand holds and a hundred thousand calls. */
import type { ActivityRow, Card } from "@/ipc/schema";
import { argument, cardOf, MINUTE } from "./cards";
import { dailyActivity } from "./daily";

export function crowdOfCards(now: number): Card[] {
  return Array.from({ length: 1000 }, (_, i) => cardOf({
    hold: `h-crowd-${i}`, agent: i % 3 === 0 ? "codex" : "claude-code", upstream: "filesystem", tool: "write_file",
    arguments: [argument("path", `/home/ana/code/shop/file-${i}.ts`), argument("content", `export const n = ${i};\n`)],
    reasons: [{
      kind: "policy", policy: "writes-in-shop", name: "Writes in the shop are looked at", description: "Only on the main branch.",
      action: "request_approval", sentence: `\`path\` is \`/home/ana/code/shop/file-${i}.ts\`, inside \`/home/ana/code/shop\``,
    }],
    opened_at: now - i * 1000, deadline: now + 15 * MINUTE + i * 1000,
  }));
}

export function crowdOfCalls(now: number): ActivityRow[] {
  const some = dailyActivity(now);
  return Array.from({ length: 100_000 }, (_, i) => {
    const like = some[i % some.length];
    if (like === undefined) throw new Error("there are calls to take after");
    return { ...like, seq: 200_000 - i, at: now - i * 20_000, hold: null };
  });
}
