/** What would become of a call under the policies in force, or under a draft. Nothing is sent, and nothing is recorded. */
import { Modal } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Page } from "@/components/page";
import type { Draft } from "@/ipc/schema";
import { TryCall } from "./try-call";
import classes from "./what-if.module.css";

export function WhatIfPage() {
  return (
    <Page title="What if" actions={<Link to="/policies" className={classes.link}>Back to the policies</Link>}>
      <p className="muted">Judged by the policies in force. Nothing is sent, and nothing is recorded.</p>
      <TryCall draft={null} tools={[]} />
    </Page>
  );
}

/** Over the builder. */
export function TryDraft({ draft, tools, onClose }: { draft: Draft | null; tools: readonly string[]; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Try a call" size={780} withCloseButton closeButtonProps={{ "aria-label": "Close" }}>
      <p className="muted">{draft === null ? "Judged by the set in force: the draft is not finished." : "Judged as if the draft were saved. Nothing is sent, and nothing is recorded."}</p>
      <TryCall draft={draft} tools={tools} />
    </Modal>
  );
}
