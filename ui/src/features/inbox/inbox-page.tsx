/**
 * The inbox: the queue on the left, one card on the right. What is selected never changes by itself, so that
 * no button comes under a pointer or a key that was meant for another card.
 */
import { Button, Drawer } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { Failure } from "@/components/failure";
import { Icon } from "@/components/icon";
import { Page } from "@/components/page";
import { inboxQuery } from "@/ipc/queries";
import type { InboxRow } from "@/ipc/schema";
import { useCommands } from "@/lib/commands";
import { CardView, type VotedBy } from "./card-view";
import { EmptyInbox } from "./empty-inbox";
import { HoldList } from "./hold-list";
import classes from "./inbox-page.module.css";
import { ReceiptLine } from "./receipt-line";
import { useReceipts } from "./receipts";

const NARROW = "(max-width: 1099px)";

export function InboxPage({ selected, onSelect }: {
  selected: string | null;
  onSelect: (hold: string | null) => void;
}) {
  const { data: rows, error, refetch } = useQuery(inboxQuery);
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const [drawerOpen, setDrawerOpen] = useState(false);
  const first = rows?.[0]?.hold ?? null;

  useEffect(() => {
    if (selected === null && first !== null) onSelect(first);
  }, [selected, first, onSelect]);

  const move = useCallback((by: 1 | -1) => {
    const next = neighbour(rows ?? [], selected, by);
    if (next !== null) onSelect(next);
  }, [rows, selected, onSelect]);
  useCommands([
    { name: "Next hold", key: "j", run: () => { move(1); } },
    { name: "Previous hold", key: "k", run: () => { move(-1); } },
  ]);

  if (rows === undefined) {
    return (
      <Page title="Inbox">
        {error !== null && (
          <Failure what="The inbox could not be read. Holds are kept." error={error} onRetry={() => void refetch()} />
        )}
      </Page>
    );
  }
  if (selected === null) return first === null ? <EmptyInbox /> : null;

  const others = rows.filter((row) => row.hold !== selected);
  const list = (
    <HoldList rows={rows} selected={selected} onSelect={(hold) => { onSelect(hold); setDrawerOpen(false); }} />
  );
  return (
    <div className={classes.inbox}>
      {narrow
        ? (
          <>
            <NarrowBar waiting={rows.length} onOpen={() => { setDrawerOpen(true); }} />
            <Drawer.Root opened={drawerOpen} onClose={() => { setDrawerOpen(false); }}>
              <Drawer.Overlay />
              <Drawer.Content aria-label="Inbox" data-page-keys><Drawer.Body>{list}</Drawer.Body></Drawer.Content>
            </Drawer.Root>
          </>
        )
        : <div className={classes.list}>{list}</div>}
      <CardView
        key={selected}
        hold={selected}
        waitingElsewhere={others.length}
        onVoted={(by) => { afterVote(by, rows, selected, onSelect); }}
        onNext={() => { onSelect(others[0]?.hold ?? null); }}
      />
    </div>
  );
}

/** Where the list is folded away, this says how long it is and what was decided last. */
function NarrowBar({ waiting, onOpen }: { waiting: number; onOpen: () => void }) {
  const latest = useReceipts()[0];
  return (
    <div className={classes.bar}>
      <Button size="xs" leftSection={<Icon name="list" />} onClick={onOpen} data-testid="open-list">
        {waiting} waiting
      </Button>
      {latest !== undefined && <ReceiptLine receipt={latest} />}
    </div>
  );
}

/**
 * A vote by key goes on to the next hold, whose buttons are guarded. A vote by pointer stays: the pointer rests
 * where the next card's Approve would appear.
 */
function afterVote(by: VotedBy, rows: readonly InboxRow[], voted: string, onSelect: (hold: string) => void): void {
  if (by === "pointer") return;
  const next = neighbour(rows, voted, 1) ?? neighbour(rows, voted, -1);
  if (next !== null) onSelect(next);
}

function neighbour(rows: readonly InboxRow[], hold: string | null, by: 1 | -1): string | null {
  const index = rows.findIndex((row) => row.hold === hold);
  const row = index === -1 ? rows[0] : rows[index + by];
  return row === undefined || row.hold === hold ? null : row.hold;
}
