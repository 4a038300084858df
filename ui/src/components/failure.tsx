/** What could not be done: what happened, what was kept, what to do, and another try. */
import { Button } from "@mantine/core";
import { sentence } from "@/lib/words";
import { Notice } from "./notice";
import { Prose } from "./prose";

type Problem = { message: string; hint: string };

export function Failure({ what, error, onRetry }: { what: string; error: Error & Partial<Problem>; onRetry?: () => void }) {
  return (
    <Notice
      tone="deny" title={what} alert testId="failure"
      actions={onRetry && <Button size="xs" onClick={onRetry}>Try again</Button>}
    >
      <Prose text={sentence(error.message)} /> {error.hint !== undefined && <Prose text={sentence(error.hint)} />}
    </Notice>
  );
}
