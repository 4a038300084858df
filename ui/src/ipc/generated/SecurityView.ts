import type { PartState } from "./PartState";
import type { PasskeyRow } from "./PasskeyRow";
import type { PassphraseState } from "./PassphraseState";
import type { Person } from "./Person";
import type { ResetView } from "./ResetView";

export type SecurityView = { 
/**
 * Enrolled now, the oldest first.
 */
passkeys: Array<PasskeyRow>, 
/**
 * Who can enrol one.
 */
people: Array<Person>, 
/**
 * What is wrong with their record: then none of them counts.
 */
problem: PartState | null, passphrase: PassphraseState, 
/**
 * They are about to be taken out.
 */
reset: ResetView | null, };
