//! That a call's own step-up took place: what opens step-up secrets.

use crate::home::UpstreamConfig;
use approvals::Basis;
use journal::JournalledCall;
use policy::{Decision, Outcome, Requirements, StepUpRule};

/// Made only from the basis of a release that is on record.
pub(crate) struct Proven(());

impl Proven {
    /// None where nobody proved presence for this very call: a window of an earlier proof opens nothing.
    pub(crate) fn by(call: &JournalledCall) -> Option<Proven> {
        is_proven(call.basis()).then_some(Proven(()))
    }

    #[cfg(test)]
    pub(crate) fn for_a_test() -> Proven {
        Proven(())
    }
}

fn is_proven(basis: &Basis) -> bool {
    match basis {
        Basis::Votes { proof, .. } => proof.is_some(),
        Basis::Window { .. } | Basis::Policy { .. } | Basis::Continued { .. } | Basis::Grant { .. } => false,
    }
}

/// A call to an upstream with a step-up secret waits for a step-up of its own, whatever the policies ask for and however
/// fresh a proof they take.
pub(crate) fn require_proof(mut decision: Decision, upstream: &UpstreamConfig) -> Decision {
    if !upstream.has_step_up_secret() {
        return decision;
    }
    let any = StepUpRule { passkey_only: false, max_age_seconds: 0 };
    match &mut decision.outcome {
        Outcome::Allowed => {
            decision.outcome = Outcome::Held(Requirements { step_up: Some(any), ..Requirements::default() });
            // What let it go did not decide this.
            decision.trace.by_default = false;
            decision.trace.policies.iter_mut().for_each(|policy| policy.deciding = false);
        }
        Outcome::Held(requirements) => {
            requirements.step_up.get_or_insert(any).max_age_seconds = 0;
        }
        Outcome::Denied { .. } => {}
    }
    decision
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::{SecretPlace, SecretUse, Transport};
    use policy::Trace;

    fn decided(outcome: Outcome) -> Decision {
        Decision { revision: "r".into(), outcome, trace: Trace { by_default: true, ..Trace::default() } }
    }

    fn upstream(step_up: bool) -> UpstreamConfig {
        let transport = Transport::Http { url: "http://127.0.0.1:9/mcp".to_owned(), headers: [].into() };
        let place = SecretPlace::Header { header: "X-Key".to_owned(), prefix: String::new() };
        let used = SecretUse::new("key".to_owned(), place, step_up).unwrap();
        UpstreamConfig::new("pay".parse().unwrap(), transport, false)
            .unwrap()
            .with_secrets(vec![used])
            .unwrap()
    }

    #[test]
    fn a_step_up_secret_holds_every_call_that_nothing_else_denies() {
        let held = require_proof(decided(Outcome::Allowed), &upstream(true));
        assert!(matches!(&held.outcome, Outcome::Held(needs) if needs.step_up.is_some()));
        assert!(!held.trace.by_default);
        let flows = Outcome::Held(Requirements::default());
        let held = require_proof(decided(flows), &upstream(true));
        assert!(matches!(&held.outcome, Outcome::Held(needs) if needs.step_up.is_some()));
        let denied = Outcome::Denied { message: None };
        assert_eq!(require_proof(decided(denied.clone()), &upstream(true)).outcome, denied);
        assert_eq!(require_proof(decided(Outcome::Allowed), &upstream(false)).outcome, Outcome::Allowed);
    }

    #[test]
    fn only_the_proof_of_that_very_call_opens_what_asks_for_one() {
        let hold = || approvals::HoldId::from_random([1; 16]);
        let votes = |proof| Basis::Votes { hold: hold(), votes: Vec::new(), proof };
        let proof = approvals::StepUpProof {
            id: approvals::ProofId::from_random([2; 16]),
            by: "ana".parse().unwrap(),
            method: approvals::ProofMethod::Passphrase,
            hold: hold(),
            digest: policy::CallDigest([3; 32]),
            at: policy::Timestamp(1),
            evidence: None,
        };
        assert!(is_proven(&votes(Some(proof))));
        let others = [
            votes(None),
            Basis::Window { proof: approvals::ProofId::from_random([2; 16]) },
            Basis::Grant { grant: approvals::GrantId::from_random([4; 16]), uses: None },
            Basis::Continued { release: approvals::ReleaseId::from_random([5; 16]) },
            Basis::Policy { revision: "r".into() },
        ];
        assert!(others.iter().all(|basis| !is_proven(basis)));
    }

    #[test]
    fn a_stricter_step_up_of_a_policy_stays() {
        let strict = StepUpRule { passkey_only: true, max_age_seconds: 0 };
        let needs = Requirements { step_up: Some(strict), ..Requirements::default() };
        let held = require_proof(decided(Outcome::Held(needs.clone())), &upstream(true));
        assert_eq!(held.outcome, Outcome::Held(needs.clone()));
        // But for how fresh a proof it takes.
        let fresh = StepUpRule { max_age_seconds: 600, ..strict };
        let fresh = Requirements { step_up: Some(fresh), ..Requirements::default() };
        let held = require_proof(decided(Outcome::Held(fresh)), &upstream(true));
        assert_eq!(held.outcome, Outcome::Held(needs));
    }
}
