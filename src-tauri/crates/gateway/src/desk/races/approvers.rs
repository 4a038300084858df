//! Two approvers at once: Ana at the desk, Bob with his passkey.

use super::*;
use approvals::{ProofId, ProofMethod, StepUpProof, Verdict};
use policy::{Approvers, Stage};

/// Both are asked; so many of them are needed.
fn either_or_both(required: u32) -> Decision {
    let approvers =
        Approvers { users: ["ana", "bob"].map(|id| id.parse().unwrap()).into(), roles: [].into() };
    let stages = vec![Stage::of(approvers, required, 15 * 60)];
    held_by(vec![ApprovalFlow { id: "both".parse().unwrap(), name: "Both".into(), stages }])
}

impl Bench {
    fn bob(&self, hold: &HoldId, digest: CallDigest, choice: Choice) -> Result<VoteReceipt, VoteError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).unwrap();
        let by: UserId = "bob".parse().unwrap();
        let proof = StepUpProof {
            id: ProofId::from_random(random),
            by: by.clone(),
            method: ProofMethod::Passkey { credential: "his".into() },
            hold: hold.clone(),
            digest,
            at: self.desk.clock.now(),
            evidence: None,
        };
        let (hold, means, proof) = (hold.clone(), Means::Ceremony, Some(proof));
        self.desk.cast(Ballot { hold, digest, choice, means, by, proof })
    }

    fn votes(&self, hold: &HoldId) -> usize {
        let (_, events) = self.desk.journal.hold(hold).unwrap().unwrap();
        events.iter().filter(|(_, event)| matches!(event, Event::Voted(_))).count()
    }
}

#[test]
fn two_approvals_at_once_are_one_where_one_is_needed() {
    at_benches(
        || either_or_both(1),
        |bench, round| {
            let hold = bench.hold(round).hold().clone();
            let digest = call(round).digest();
            let (anas, bobs) = at_once(
                || bench.vote(&hold, digest, Choice::Approve).is_ok(),
                || bench.bob(&hold, digest, Choice::Approve).is_ok(),
            );
            assert!(anas != bobs, "one of them was first, and the other was told so");
            assert!(matches!(bench.state(&hold), HoldState::Approved { .. }));
            assert_eq!(bench.votes(&hold), 1);
            let claimed = at_once(|| bench.claim(&hold), || bench.claim(&hold));
            assert!(claimed.0.is_some() != claimed.1.is_some(), "I2");
            bench.is_on_record_once_committed(&hold, claimed);
        },
    );
}

#[test]
fn two_approvals_at_once_both_count_where_both_are_needed() {
    at_benches(
        || either_or_both(2),
        |bench, round| {
            let hold = bench.hold(round).hold().clone();
            let digest = call(round).digest();
            let (anas, bobs) = at_once(
                || {
                    bench.vote(&hold, digest, Choice::Approve).unwrap();
                    bench.claim(&hold)
                },
                || {
                    bench.bob(&hold, digest, Choice::Approve).unwrap();
                    bench.claim(&hold)
                },
            );
            assert_eq!(bench.votes(&hold), 2);
            assert!(anas.is_some() != bobs.is_some(), "I2: whoever came second found both there");
            bench.is_on_record_once_committed(&hold, (anas, bobs));
        },
    );
}

#[test]
fn an_approval_and_a_rejection_at_once_never_let_a_call_go_that_needs_both() {
    at_benches(
        || either_or_both(2),
        |bench, round| {
            let hold = bench.hold(round).hold().clone();
            let digest = call(round).digest();
            let (yes, no) = at_once(
                || bench.vote(&hold, digest, Choice::Approve).is_ok(),
                || bench.bob(&hold, digest, Choice::Reject { reason: None }).is_ok(),
            );
            assert!(no, "one rejection rejects, before or after the approval");
            let state = bench.state(&hold);
            let rejected = matches!(&state, HoldState::Ended { verdict: Verdict::Rejected { .. }, .. });
            assert!(rejected, "{state:?}");
            assert_eq!(bench.votes(&hold), 1 + usize::from(yes));
            assert!(bench.claim(&hold).is_none(), "I5");
            bench.is_on_record(&hold);
        },
    );
}

#[test]
fn people_who_change_and_a_claim_at_once_leave_no_release_by_a_vote_that_is_void() {
    at_benches(
        || either_or_both(1),
        |bench, round| {
            let hold = bench.hold(round).hold().clone();
            bench.bob(&hold, call(round).digest(), Choice::Approve).unwrap();
            let without_bob =
                policy::people::People::parse("[[user]]\nid = \"ana\"\nname = \"Ana\"\nowner = true\n");
            let without_bob = without_bob.unwrap();
            let (claimed, ()) = at_once(
                || {
                    let voters = super::super::voters(&without_bob);
                    let again =
                        |_: &HeldCall| Again { decision: bench.decision.clone(), voters: voters.clone() };
                    // Every other time, people had not changed yet when the claim began.
                    if round.is_multiple_of(2) {
                        return matches!(
                            bench.desk.claim(&hold, again, bench.ids().release),
                            Claim::Released(_)
                        );
                    }
                    bench.claim(&hold).map(|call| bench.desk.journal.commit(call).unwrap()).is_some()
                },
                || bench.desk.follow_people(&without_bob),
            );
            assert!(!claimed || !round.is_multiple_of(2), "his vote was void before the claim");
            let state = bench.state(&hold);
            let is_released = matches!(state, HoldState::Released { .. });
            assert!(is_released == claimed && (claimed || state == HoldState::Waiting), "{state:?}");
            bench.is_on_record(&hold);
            bench.desk.withdraw("the round is over", |_| true);
            bench.desk.finish(&hold, Outcome::Unknown, 0);
        },
    );
}

impl Bench {
    /// The one release that was claimed, recorded; then record and desk agree.
    fn is_on_record_once_committed(
        &self,
        hold: &HoldId,
        claimed: (Option<ReleasedCall>, Option<ReleasedCall>),
    ) {
        for call in [claimed.0, claimed.1].into_iter().flatten() {
            drop(self.desk.journal.commit(call).unwrap());
        }
        self.is_on_record(hold);
        self.desk.finish(hold, Outcome::Unknown, 0);
    }
}
