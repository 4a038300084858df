/** Somebody else changed a file while a draft of it was written: what differs, and the choice. */
import { Button } from "@mantine/core";
import { DiffView } from "./diff-view";
import { Notice } from "./notice";

/** Null for `theirs`: the file is gone. Null for `mine`: the draft is not finished, so there is nothing to compare. */
export function ChangedUnderneath({ theirs, mine, onMine, onTheirs }: {
  theirs: string | null;
  mine: string | null;
  onMine: () => void;
  onTheirs: () => void;
}) {
  return (
    <Notice
      tone="hold" alert testId="changed-underneath"
      title={theirs === null ? "The file was removed while you wrote" : "The file was changed while you wrote"}
      actions={(
        <>
          <Button size="xs" onClick={onTheirs} data-testid="take-theirs">{theirs === null ? "Give up my draft" : "Take the file"}</Button>
          <Button size="xs" onClick={onMine} data-testid="keep-mine">Keep my draft</Button>
        </>
      )}
    >
      <p>Nothing was saved. Keep your draft and saving replaces the file; take the file and your draft is gone.</p>
      {mine !== null && <DiffView before={theirs} after={mine} label="From the file to your draft" />}
    </Notice>
  );
}
