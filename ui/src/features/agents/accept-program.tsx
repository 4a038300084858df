/** Another program becomes one of an agent's own, after a person has read what that means. */
import { Confirm } from "@/components/confirm";
import { Failure } from "@/components/failure";
import { Marked } from "@/components/marked";
import { useCommand } from "@/ipc/queries";
import type { AgentRow } from "@/ipc/schema";
import classes from "./accept-program.module.css";

export function AcceptProgram({ agent, program, onClose }: { agent: AgentRow; program: string; onClose: () => void }) {
  const accept = useCommand("accept_program", ["agents", "overview"]);
  return (
    <Confirm
      opened title={`Accept this program as ${agent.name}?`} action="Accept this program" variant="filled"
      busy={accept.isPending} onCancel={onClose}
      onConfirm={() => { accept.mutate({ agent: agent.name, program }, { onSuccess: onClose }); }}
      error={accept.error !== null && <Failure what="It was not accepted." error={accept.error} />}
    >
      <dl className={classes.programs}>
        <div><dt>New</dt><dd><code><Marked text={program} /></code></dd></div>
        {agent.programs.map((known) => <div key={known}><dt>Known</dt><dd><code><Marked text={known} /></code></dd></div>)}
      </dl>
      <p>Its calls will be judged by the policies like the others. Calls that wait already still need your answer.</p>
      <p>Accept it only if you know it, such as the same agent after an update.</p>
    </Confirm>
  );
}
