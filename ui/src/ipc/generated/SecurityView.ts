import type { PartState } from "./PartState";
import type { PasskeyRow } from "./PasskeyRow";
import type { PassphraseState } from "./PassphraseState";
import type { Person } from "./Person";

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
problem: PartState | null, passphrase: PassphraseState, };
