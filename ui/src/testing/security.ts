/** Passkeys to look at. Values are invented. */
import type { PassphraseState, SecurityView } from "@/ipc/schema";
import { MINUTE } from "./cards";

export const noPassphrase: PassphraseState = { set: false, shortest: 12 };

export const dailySecurity = (now: number): SecurityView => ({
  passkeys: [
    {
      id: "QMB4GgKnOHkzbR_b", name: "Laptop", person: "ana", person_name: "Ana Ruiz", fingerprint: "3f9a 12bc 77d0 41e6",
      enrolled_at: now - 40 * 24 * 60 * MINUTE, last_used_at: now - 12 * MINUTE, signed_by: null, last: false,
    },
    {
      id: "x8Zk2LmQe1pTnR5v", name: "Blue key", person: "ana", person_name: "Ana Ruiz", fingerprint: "c01d 9e44 0b7a 5d12",
      enrolled_at: now - 3 * 24 * 60 * MINUTE, last_used_at: null, signed_by: "Laptop", last: false,
    },
  ],
  people: [{ id: "ana", name: "Ana Ruiz" }, { id: "ben", name: "Ben Okafor" }],
  problem: null,
  passphrase: { ...noPassphrase, set: true },
  reset: null,
});

export const brokenSecurity: SecurityView = {
  passkeys: [], people: [{ id: "ana", name: "Ana Ruiz" }],
  problem: {
    ok: false, name: "Passkeys",
    message: "the record of passkeys is not as Doorward wrote it: it is an older record than the newest one",
    hint: "put `passkeys.json` of the home back from a backup, or say below that all passkeys are lost; until then nothing that needs one goes",
  },
  passphrase: noPassphrase,
  reset: null,
};
