/** What a person chose in the grant's form, and what of it goes to Rust. */
import type { GrantBound, GrantChoices, GrantOffer, GrantTerms } from "@/ipc/schema";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type Lasting = { label: string; session: boolean; lasts: number };

/** The shortest first. */
export const LASTINGS: readonly Lasting[] = [
  { label: "15 minutes", session: false, lasts: 15 * MINUTE },
  { label: "1 hour", session: false, lasts: HOUR },
  { label: "This session, at most 1 hour", session: true, lasts: HOUR },
  { label: "This session, at most 8 hours", session: true, lasts: 8 * HOUR },
  { label: "8 hours", session: false, lasts: 8 * HOUR },
  { label: "1 week", session: false, lasts: 7 * DAY },
];

export const USES: readonly { label: string; uses: number | null }[] = [
  { label: "1 more call", uses: 1 },
  { label: "5 calls", uses: 5 },
  { label: "20 calls", uses: 20 },
  { label: "Any number of calls", uses: null },
];

export type Chosen = {
  /** By argument: which of its choices, and its value where that was changed. */
  scope: ReadonlyMap<string, { choice: number; value: string | null }>;
  project: boolean;
  lasting: Lasting;
  /** A date of its own, in place of the lasting; epoch milliseconds. */
  until: number | null;
  uses: number | null;
};

/** The narrowest there is. */
export function narrowest(): Chosen {
  const [lasting] = LASTINGS;
  if (lasting === undefined) throw new Error("a grant lasts for some time");
  return { scope: new Map(), project: true, lasting, until: null, uses: 1 };
}

/** The bound of one argument as it is chosen now. */
export function boundOf({ argument, choices }: GrantChoices, chosen: Chosen): GrantBound | null {
  const { choice = 0, value = null } = chosen.scope.get(argument) ?? {};
  const offered = choices[choice];
  if (offered === undefined) return null;
  return offered.editable && value !== null ? { ...offered.bound, value } : offered.bound;
}

/** `now` is when the form was opened: what was previewed is what is asked for. */
export function termsOf(offer: GrantOffer, chosen: Chosen, now: number): GrantTerms {
  return {
    scope: offer.scope.flatMap((row) => {
      const bound = boundOf(row, chosen);
      return bound === null ? [] : [{ argument: row.argument, bound }];
    }),
    project: chosen.project && offer.project !== null,
    until: chosen.until ?? now + chosen.lasting.lasts,
    session: chosen.until === null && chosen.lasting.session,
    uses: chosen.uses,
  };
}
