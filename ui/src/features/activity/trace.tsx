/** Why a call was decided as it was, and what happened to it: the trace on record, not judged anew. */
import { useQuery } from "@tanstack/react-query";
import { Failure } from "@/components/failure";
import { Icon } from "@/components/icon";
import { Marked } from "@/components/marked";
import { Pending } from "@/components/pending";
import { traceQuery } from "@/ipc/queries";
import type { TriedPolicy } from "@/ipc/schema";
import { clockTime } from "@/lib/time";
import classes from "./trace.module.css";

const TRUTHS = {
  true: { word: "holds", icon: "check" },
  false: { word: "does not hold", icon: "cross" },
  undetermined: { word: "could not be told", icon: "question" },
} as const;

export function Trace({ seq }: { seq: number }) {
  const { data, error, refetch } = useQuery(traceQuery(seq));
  if (error !== null) return <Failure what="Why it was decided so cannot be shown." error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Pending what="why it was decided so" />;
  return (
    <div className={classes.trace} data-testid="trace">
      <section aria-label="What happened">
        <h3 className={classes.heading}>What happened</h3>
        <ol className={classes.steps}>
          {data.steps.map((step, index) => <li key={index}><time>{clockTime(step.at)}</time> <Marked text={step.text} /></li>)}
        </ol>
      </section>
      <section aria-label="Why">
        <h3 className={classes.heading}>Why</h3>
        {data.by_default && <p className="small">No policy decided; the default of the set did.</p>}
        <ul className={classes.policies}>{data.policies.map((policy) => <Policy key={policy.id} policy={policy} />)}</ul>
      </section>
    </div>
  );
}

function Policy({ policy }: { policy: TriedPolicy }) {
  const part = policy.applied === "no" ? "did not apply" : policy.deciding ? "decided" : "applied";
  return (
    <li data-applied={policy.applied} data-testid="trace-policy">
      <div><b><Marked text={policy.name} /></b> <span className={classes.part}>{part}</span></div>
      {policy.sentence !== "" && policy.applied !== "no" && <div className="muted"><Marked text={policy.sentence} /></div>}
      {policy.predicates.length > 0 && (
        <ul className={classes.predicates}>
          {policy.predicates.map((predicate, index) => (
            <li key={index} data-truth={predicate.truth}>
              <Icon name={TRUTHS[predicate.truth].icon} size={12} />
              <span>
                <code><Marked text={predicate.text} /></code> {TRUTHS[predicate.truth].word};{" "}
                {predicate.compared === null ? "nothing was given" : <>it was <code><Marked text={predicate.compared} /></code></>}
                {predicate.note !== null && <>; <Marked text={predicate.note} /></>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
