import type { GrantOffer } from "./GrantOffer";
import type { ProofChoices } from "./ProofChoices";

export type Answers = { 
/**
 * As whom this desk votes.
 */
voter: string, 
/**
 * The deadline an extension would give; none where it cannot be extended (any more).
 */
extend_until: number | null, 
/**
 * The arguments as one JSON text, numbers as received; none where they cannot be edited.
 */
edit: string | null, 
/**
 * Why they cannot be edited, for a person.
 */
no_edit: string | null, grant: GrantOffer | null, 
/**
 * Why no grant can be made, for a person.
 */
no_grant: string | null, 
/**
 * What approves it in place of a click; none where a click does.
 */
proof: ProofChoices | null, };
