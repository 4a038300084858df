/** One passkey: whose it is, how to tell it from others, and when it was last used. */
import { Button } from "@mantine/core";
import { Ago } from "@/components/ago";
import { Marked } from "@/components/marked";
import type { PasskeyRow } from "@/ipc/schema";
import classes from "./security-page.module.css";

export function PasskeyItem({ passkey, onAsk }: { passkey: PasskeyRow; onAsk: (what: "remove" | "rename") => void }) {
  return (
    <article className={classes.passkey} aria-label={passkey.name} data-testid="passkey-row">
      <div className={classes.head}>
        <strong><Marked text={passkey.name} /></strong>
        <span className="muted"><Marked text={passkey.person_name} /></span>
        <span className={classes.actions}>
          <Button size="xs" variant="subtle" onClick={() => { onAsk("rename"); }} aria-label={`Rename ${passkey.name}`} data-testid="rename-passkey">Rename…</Button>
          <Button size="xs" variant="subtle" onClick={() => { onAsk("remove"); }} aria-label={`Remove ${passkey.name}`} data-testid="remove-passkey">Remove…</Button>
        </span>
      </div>
      <dl className={classes.facts}>
        <div><dt>Fingerprint</dt><dd><code>{passkey.fingerprint}</code></dd></div>
        <div>
          <dt>Enrolled</dt>
          <dd>
            <Ago at={passkey.enrolled_at} precision="minute" />
            {passkey.signed_by === null ? ", the first one" : <>, let in by <Marked text={passkey.signed_by} /></>}
          </dd>
        </div>
        <div>
          <dt>Last used</dt>
          <dd>{passkey.last_used_at === null ? "never" : <Ago at={passkey.last_used_at} precision="minute" />}</dd>
        </div>
      </dl>
    </article>
  );
}
