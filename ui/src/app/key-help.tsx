/** All keys on one page. */
import { Button, Modal } from "@mantine/core";
import { Key } from "@/components/key";
import classes from "./key-help.module.css";

const KEYS: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["J", "K"], does: "Next hold, previous hold" },
  { keys: ["A"], does: "Approve the hold on show" },
  { keys: ["R"], does: "Reject it: choose or write a reason, Enter sends" },
  { keys: ["E"], does: "Extend its deadline, once" },
  { keys: ["G"], does: "Grant: approve it and let calls like it go, for a while" },
  { keys: ["B"], does: "Answer calls like it together" },
  { keys: ["Ctrl K"], does: "Find a screen or an action by its name" },
  { keys: ["/"], does: "Search, in Activity and Policies" },
  { keys: ["Esc"], does: "Close what is open" },
  { keys: ["?"], does: "This list" },
];

export function KeyHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keys" size={440} data-testid="key-help">
      <dl className={classes.list}>
        {KEYS.map(({ keys, does }) => (
          <div key={does} className={classes.row}>
            <dt>{keys.map((key) => <span key={key}><span className={classes.said}>{key}</span><Key>{key}</Key></span>)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p className="faint small">
        A and R wait 0.7 seconds after a card appears or changes, so that no key pressed for something else decides.
      </p>
      <div className={classes.buttons}><Button data-autofocus onClick={onClose}>Close</Button></div>
    </Modal>
  );
}
