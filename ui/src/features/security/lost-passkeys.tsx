/** For whoever has lost every passkey: a day that everybody at this desk can see, and the way to stop it. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Confirm } from "@/components/confirm";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { useCommand } from "@/ipc/queries";
import type { ResetView } from "@/ipc/schema";
import classes from "./security-page.module.css";

export function LostPasskeys({ reset }: { reset: ResetView | null }) {
  return reset === null ? <Begin /> : <Stop reset={reset} />;
}

function Begin() {
  const [asked, setAsked] = useState(false);
  const begin = useCommand("reset_passkeys", ["security", "overview"]);
  return (
    <section className={classes.part} aria-label="Lost passkeys" data-testid="lost-passkeys">
      <h2>Lost passkeys</h2>
      <p>
        While one passkey is left, let a new one in with it and remove the others. If all are lost, they can be taken out
        after a day.
      </p>
      <p className={classes.after}>
        <Button size="xs" onClick={() => { setAsked(true); }} data-testid="all-lost">All are lost…</Button>
      </p>
      <Confirm
        opened={asked} title="Take all passkeys out?" action="Begin the 24 hours" busy={begin.isPending}
        onCancel={() => { setAsked(false); }}
        onConfirm={() => { begin.mutate({}, { onSuccess: () => { setAsked(false); } }); }}
        error={begin.error !== null && <Failure what="Nothing was begun." error={begin.error} />}
      >
        <p>
          It happens after 24 hours of this machine’s running; setting its clock shortens nothing. Until then the passkeys
          guard as before, every page of this window says what is coming, and any one of them can stop it. Afterwards you
          enrol a first passkey again.
        </p>
      </Confirm>
    </section>
  );
}

function Stop({ reset }: { reset: ResetView }) {
  const keep = useCommand("keep_passkeys", ["security", "overview"]);
  return (
    <>
      <Notice
        tone="deny" testId="reset-coming" title="All passkeys are about to be taken out"
        actions={(
          <Button
            size="xs" variant="filled" disabled={keep.isPending} data-testid="keep-passkeys"
            onClick={() => { keep.mutate({}); }}
          >
            {keep.isPending ? "Waiting for a passkey in the browser" : "Keep them, with a passkey"}
          </Button>
        )}
      >
        {reset.message}
      </Notice>
      {keep.error !== null && <Failure what="They are still about to be taken out." error={keep.error} />}
    </>
  );
}
