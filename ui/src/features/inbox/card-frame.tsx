/** The shape of every card: what is read scrolls, the answers stay where they are. */
import type { ReactNode } from "react";
import { Failure } from "@/components/failure";
import classes from "./card-view.module.css";

export function CardFrame({ failed, footer, children }: {
  /** Why the last answer did not count. */
  failed: { what: string; error: Error | null };
  footer: ReactNode;
  children: ReactNode;
}) {
  return (
    <>
      <div className={classes.scroll} tabIndex={0} role="group" aria-label="What is asked, and why">
        {children}
        {failed.error !== null && <div className={classes.error}><Failure what={failed.what} error={failed.error} /></div>}
      </div>
      {footer}
    </>
  );
}
