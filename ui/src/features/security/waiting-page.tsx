/** A page is open in the browser: until when, and its address where no browser could be opened. */
import { Button } from "@mantine/core";
import { CopyBlock } from "@/components/copy-block";
import { Countdown } from "@/components/countdown";
import { Notice } from "@/components/notice";
import type { CeremonyStarted } from "@/ipc/schema";

export function WaitingPage({ ceremony, onDone }: { ceremony: CeremonyStarted; onDone: () => void }) {
  return (
    <Notice
      tone="neutral" testId="waiting-page"
      title={ceremony.opened ? "Go on in your browser" : "Open this in your browser"}
      actions={<Button size="xs" onClick={onDone}>Hide</Button>}
    >
      {ceremony.opened
        ? "A page of Doorward’s has opened there. If it cannot use passkeys, open the address in another browser."
        : "No browser could be opened from here."}
      {" "}It works once, for <Countdown until={ceremony.until} />.
      <CopyBlock text={ceremony.url} label="the address of the page" />
    </Notice>
  );
}
