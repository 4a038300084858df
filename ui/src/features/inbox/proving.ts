/** What approves a card where a click does not. Rust says so; until it has answered, the card itself tells. */
import type { Answers, Card, ProofChoices } from "@/ipc/schema";

/** Null where a click approves. The passphrase is typed in the main window only. */
export function provingOf(card: Card, answers: Answers, inMainWindow: boolean): ProofChoices | null {
  const { proof } = answers;
  if (proof !== null) return proof.passkey && !inMainWindow ? { ...proof, passphrase: false } : proof;
  // The page in the browser says whose passkey is missing.
  return asksProof(card) ? { passkey: true, passphrase: false } : null;
}

/** A policy or the stage that is open wants more than a click. */
export function asksProof(card: Card): boolean {
  return card.step_up !== undefined
    || card.reasons.some(({ action }) => action === "step_up")
    || card.stages.some((stage) => stage.current && stage.step_up);
}
