/**
 * Watches the inbox from the frame of the window, whatever screen is open: says aloud what came in, and puts
 * holds that ended elsewhere (by a notification, a deadline, a newer policy) among the receipts.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { cardQuery, inboxQuery } from "@/ipc/queries";
import type { InboxRow } from "@/ipc/schema";
import { plural } from "@/lib/words";
import { hasReceipt, recordReceipt, standing } from "./receipts";

/** The words for screen readers; they change when a hold comes in. */
export function useDecisionWatch(): string {
  const client = useQueryClient();
  const { data: rows } = useQuery(inboxQuery);
  const known = useRef<ReadonlyMap<string, InboxRow> | null>(null);
  const [announcement, setAnnouncement] = useState("");

  useEffect(() => {
    if (rows === undefined) return;
    const before = known.current;
    known.current = new Map(rows.map((row) => [row.hold, row]));
    if (before === null) return;

    const arrived = rows.filter((row) => !before.has(row.hold));
    if (arrived.length > 0) setAnnouncement(arrivalWords(arrived, rows.length));

    const waiting = known.current;
    for (const row of before.values()) {
      if (waiting.has(row.hold)) continue;
      void client.query({ ...cardQuery(row.hold), staleTime: 0 }).then((card) => {
        if (card.state === "waiting" || hasReceipt(row.hold)) return;
        recordReceipt({ hold: row.hold, what: `${row.upstream}/${row.tool}`, note: "", at: Date.now(), ...standing(card) });
      }, () => undefined);
    }
  }, [rows, client]);

  return announcement;
}

function arrivalWords(arrived: readonly InboxRow[], waiting: number): string {
  const first = arrived[0];
  if (first === undefined) return "";
  const what = arrived.length === 1
    ? `New hold: ${first.agent} wants to run ${first.upstream}/${first.tool}.`
    : `${plural(arrived.length, "new hold")}.`;
  return `${what} ${plural(waiting, "hold")} waiting.`;
}
