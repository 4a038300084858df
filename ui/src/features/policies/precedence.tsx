/** How policies that apply together are put together, as a picture. The order of the list plays no part. */
import { Icon } from "@/components/icon";
import { Prose } from "@/components/prose";
import { sentence } from "@/lib/words";
import classes from "./precedence.module.css";

export function Precedence({ otherwise }: { otherwise: string }) {
  return (
    <figure className={classes.figure} aria-labelledby="precedence" data-testid="precedence">
      <figcaption id="precedence">The order of the list does not matter. Of all policies that apply to a call:</figcaption>
      <ol className={classes.steps}>
        <li data-tone="deny"><strong>Any deny</strong><span>The call is denied</span></li>
        <li className={classes.arrow} aria-hidden="true"><Icon name="arrow" /></li>
        <li data-tone="hold"><strong>Every approval</strong><span>All flows are asked, together</span></li>
        <li className={classes.arrow} aria-hidden="true"><Icon name="arrow" /></li>
        <li data-tone="step"><strong>The strictest step-up</strong><span>After the approvals</span></li>
        <li className={classes.arrow} aria-hidden="true"><Icon name="arrow" /></li>
        <li data-tone="allow"><strong>An allow</strong><span>Lifts only the default</span></li>
        <li className={classes.arrow} aria-hidden="true"><Icon name="arrow" /></li>
        <li data-tone="none"><strong>The default</strong><span>A call is <Prose text={sentence(otherwise, false)} /></span></li>
      </ol>
    </figure>
  );
}
