/** Is the door kept? One line when it is; what is wrong, and what to do, when it is not. */
import { Prose } from "@/components/prose";
import type { Overview, PartState } from "@/ipc/schema";
import { phrase, sentence } from "@/lib/words";
import classes from "./gateway-status.module.css";

export function GatewayStatus({ overview, problem }: { overview: Overview | undefined; problem: Error | null }) {
  if (problem !== null) {
    return (
      <div className={classes.status} data-testid="gateway-status">
        <Line tone="deny">Doorward does not answer</Line>
        <p className={classes.hint}>{sentence(problem.message)} Close the window and start Doorward again.</p>
      </div>
    );
  }
  if (overview === undefined) return <div className={classes.status} data-testid="gateway-status" />;
  const { gateway, keychain, notifications, screen } = overview;
  return (
    <div className={classes.status} data-testid="gateway-status">
      {gateway.state === "on"
        ? <Line tone="allow">Gateway on, port {portOf(gateway.listen)}</Line>
        : (
          <>
            <Line tone="deny">Gateway off</Line>
            <p className={classes.hint}><Prose text={sentence(gateway.message)} /> <Prose text={sentence(gateway.hint)} /></p>
          </>
        )}
      {[keychain, notifications, screen].filter((part) => !part.ok).map((part) => <Part key={part.name} part={part} />)}
    </div>
  );
}

/** A part of this machine that does less than it should. */
function Part({ part }: { part: PartState }) {
  return (
    <details className={classes.part}>
      <summary><Line tone="hold">{phrase(part.name)}: needs a look</Line></summary>
      <p className={classes.hint}>
        {part.message !== null && <Prose text={sentence(part.message)} />} {part.hint !== null && <Prose text={sentence(part.hint)} />}
      </p>
    </details>
  );
}

function Line({ tone, children }: { tone: "allow" | "hold" | "deny"; children: React.ReactNode }) {
  return <span className={classes.line}><span className={classes.dot} data-tone={tone} aria-hidden="true" />{children}</span>;
}

function portOf(listen: string): string {
  return listen.slice(listen.lastIndexOf(":") + 1);
}
