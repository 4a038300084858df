/** Shown when a screen itself fails: holds are safe with the gateway, and the window can start over. */
import { Button } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Notice } from "@/components/notice";
import { sentence } from "@/lib/words";

export function Broken({ error }: ErrorComponentProps) {
  return (
    <main style={{ maxWidth: 640, margin: "12vh auto", padding: 24 }}>
      <Notice
        tone="deny" title="This screen failed" alert
        actions={<Button size="xs" onClick={() => { location.reload(); }}>Load the window again</Button>}
      >
        {sentence(error instanceof Error ? error.message : String(error))}
        {" "}Holds and policies are kept by the gateway, which goes on running.
      </Notice>
    </main>
  );
}
