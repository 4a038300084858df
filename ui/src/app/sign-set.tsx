/** Signing what is in force, beside the alarm that says that nobody has yet. The browser opens and asks for the passkey. */
import { Button } from "@mantine/core";
import { Prose } from "@/components/prose";
import { useCommand } from "@/ipc/queries";
import { sentence } from "@/lib/words";
import classes from "./hold-everything.module.css";

export function SignSet() {
  const sign = useCommand("sign_set", ["policies", "overview"]);
  return (
    <span className={classes.back}>
      <Button
        size="compact-xs" variant="default" disabled={sign.isPending} data-testid="sign-set"
        onClick={() => { sign.mutate({}); }}
      >
        {sign.isPending ? "Waiting for your passkey in the browser" : "Sign with your passkey"}
      </Button>
      {sign.error !== null && (
        <span className={classes.problem} role="alert">
          <Prose text={sentence(sign.error.message)} /> <Prose text={sentence(sign.error.hint)} />
        </span>
      )}
    </span>
  );
}
