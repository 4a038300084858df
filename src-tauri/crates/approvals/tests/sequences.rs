//! Random events at random times: whatever the order, the invariants hold.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod model;
mod support;

use approvals::{Choice, Event, HeldCall, HoldState, Judged, Opened, ProofMethod, Verdict, Vote};
use model::{Account, PEOPLE};
use policy::{ApprovalFlow, Decision, OnTimeout, Outcome, ProofKind, Stage, Timestamp};
use proptest::prelude::*;
use support::*;

/// One thing somebody tries.
#[derive(Clone, Debug)]
enum Try {
    Vote { by: &'static str, approve: bool, digest_fits: bool, with: Option<ProofMethod> },
    Edit { by: &'static str, then: usize },
    Prove { by: &'static str, method: ProofMethod },
    Extend { by: &'static str },
    PassDeadline,
    PassCollection,
    Withdraw,
    Rejudge(usize),
    ChangePeople(usize),
    Claim,
    Release(usize),
}

fn proofs() -> impl Strategy<Value = Option<ProofMethod>> {
    prop_oneof![3 => Just(None), 3 => Just(Some(passkey())), 1 => Just(Some(ProofMethod::Passphrase))]
}

fn people() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just("ana"), 3 => Just("bob"), 2 => Just("eva"), 1 => Just("mallory")]
}

fn tries() -> impl Strategy<Value = Try> {
    let vote = (people(), prop::bool::weighted(0.9), prop::bool::weighted(0.9), proofs());
    prop_oneof![
        9 => vote.prop_map(|(by, approve, digest_fits, with)| Try::Vote { by, approve, digest_fits, with }),
        1 => (people(), 0_usize..9).prop_map(|(by, then)| Try::Edit { by, then }),
        2 => (people(), proofs()).prop_map(|(by, method)| Try::Prove { by, method: method.unwrap_or(passkey()) }),
        1 => people().prop_map(|by| Try::Extend { by }),
        2 => Just(Try::PassDeadline),
        1 => Just(Try::PassCollection),
        1 => Just(Try::Withdraw),
        3 => (0_usize..10).prop_map(Try::Rejudge),
        2 => (0..PEOPLE).prop_map(Try::ChangePeople),
        1 => Just(Try::Claim),
        5 => (0_usize..10).prop_map(Try::Release),
    ]
}

fn flows(n: usize) -> Vec<ApprovalFlow> {
    match n {
        0 => vec![anybody("owner", 15)],
        1 => vec![flow("twice", vec![stage(&[], &[], 1, 10), stage(&["ana"], &[], 1, 10)])],
        2 => vec![anybody("owner", 15), flow("finance", vec![stage(&[], &["finance"], 1, 5)])],
        3 => vec![flow("two", vec![stage(&["ana", "bob"], &[], 2, 30)])],
        4 => vec![flow("finance", vec![stage(&["bob"], &[], 1, 30)])],
        5 => vec![flow(
            "strict",
            vec![Stage {
                on_timeout: OnTimeout::Escalate,
                escalate_to: stage(&[], &["boss"], 1, 1).approvers,
                step_up: Some(ProofKind::Any),
                exclude_requester: true,
                ..stage(&[], &["finance"], 1, 10)
            }],
        )],
        _ => vec![
            anybody("owner", 40),
            flow("thrice", vec![stage(&[], &[], 1, 9), stage(&[], &[], 1, 9), stage(&[], &[], 1, 9)]),
        ],
    }
}

fn newer(n: usize) -> Decision {
    match n {
        0 => denied(),
        1 => with_step_up(flows(0), true, 0),
        2 => with_step_up(vec![], false, 0),
        3 => decision(Outcome::Allowed),
        n => held_by(flows(n - 4)),
    }
}

fn event_of(attempt: &Try, held: &HeldCall) -> Option<Event> {
    Some(match attempt {
        Try::Vote { by, approve, digest_fits, with } => {
            let digest = if *digest_fits { held.digest() } else { call("1").digest() };
            let choice = if *approve { Choice::Approve } else { Choice::Reject { reason: None } };
            let proof = with.clone().map(|method| proof(by, method, held));
            Event::Voted(Vote { proof, ..vote(by, choice, digest) })
        }
        Try::Edit { by, then } => {
            let judged = Box::new(Judged { facts: facts(), decision: newer(*then) });
            let choice = Choice::ApproveEdited { arguments: call("10").arguments, judged };
            Event::Voted(vote(by, choice, held.digest()))
        }
        Try::Prove { by, method } => Event::Proven(proof(by, method.clone(), held)),
        Try::Extend { by } => Event::Extended { by: by.parse().unwrap() },
        Try::PassDeadline => Event::DeadlinePassed,
        Try::PassCollection => Event::CollectionPassed,
        Try::Withdraw => Event::Withdrawn { why: "removed".into() },
        Try::Rejudge(n) => Event::Rejudged(newer(*n)),
        Try::ChangePeople(n) => Event::PeopleChanged(model::people(*n)),
        Try::Claim => Event::Claimed { release: release_id(9) },
        Try::Release(_) => return None,
    })
}

fn is_approved(held: &HeldCall) -> bool {
    matches!(held.state(), HoldState::Approved { .. })
}

/// INVARIANT(I5), as DESIGN has it: what is approved may still be refused, left, withdrawn or wait again.
fn may_follow(before: &HoldState, after: &HoldState) -> bool {
    match (before, after) {
        (HoldState::Waiting, _) => !matches!(after, HoldState::Released { .. }),
        (HoldState::Approved { at: before }, HoldState::Approved { at: after }) => before == after,
        (HoldState::Approved { .. }, HoldState::Waiting | HoldState::Released { .. }) => true,
        (HoldState::Approved { .. }, HoldState::Ended { verdict, .. }) => {
            matches!(verdict, Verdict::Refused { .. } | Verdict::Uncollected | Verdict::Withdrawn)
        }
        (HoldState::Released { .. } | HoldState::Ended { .. }, _) => false,
    }
}

/// A vote in time, for what was shown, by somebody whose turn it is, that was not taken all the same.
fn is_refused_without_a_reason(vote: &Vote, before: &HeldCall, account: &Account, overdue: bool) -> bool {
    let is_plain = !matches!(vote.choice, Choice::ApproveEdited { .. });
    let is_in_time = !overdue && matches!(before.state(), HoldState::Waiting);
    let fits = vote.digest == before.digest() && !account.may_have_escalated();
    is_plain && is_in_time && fits && account.counts(vote, before)
}

/// As the journal keeps it.
fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn is_final(state: &HoldState) -> bool {
    matches!(state, HoldState::Released { .. })
        || matches!(state, HoldState::Ended { verdict, .. } if verdict.is_final())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_for_any_events_at_any_time(
        first in 0_usize..7,
        attempts in prop::collection::vec((tries(), prop_oneof![4 => 0_i64..120_000, 1 => 0_i64..1_200_000]), 1..25),
    ) {
        let start = Opened { others: others(), ..opened(held_by(flows(first))) };
        let mut held = HeldCall::open(start.clone());
        let mut recorded: Vec<(Timestamp, Event)> = Vec::new();
        let mut account = Account::default();
        account.ask(&start.decision);
        let (mut now, mut releases) = (START, 0);

        for (attempt, pause) in attempts {
            now = Timestamp(now.0 + pause);
            let before = HeldCall::replay(through_json(&start), &through_json(&recorded)).unwrap();
            prop_assert_eq!(&before, &held, "replay gives the same state at every prefix");
            let overdue = now >= held.deadline();

            match event_of(&attempt, &held) {
                Some(event) => {
                    let checked = held.check(&event, now);
                    let applied = held.apply(event.clone(), now);
                    prop_assert_eq!(&checked, &applied);
                    if applied.is_err() {
                        prop_assert_eq!(&before, &held, "an event that does not fit changes nothing");
                        if let Event::Voted(vote) = &event {
                            prop_assert!(!is_refused_without_a_reason(vote, &before, &account, overdue), "{:?}", applied);
                        }
                        continue;
                    }
                    prop_assert!(!is_final(before.state()), "I5: verdicts are final");
                    prop_assert!(may_follow(before.state(), held.state()), "I5: {:?} then {:?}", before.state(), held.state());
                    if let Event::Voted(vote) = &event {
                        prop_assert!(account.counts(vote, &before), "votes by the unentitled, or twice, change nothing");
                        prop_assert_eq!(vote.digest, before.digest(), "I2");
                        prop_assert!(!overdue && matches!(before.state(), HoldState::Waiting), "late votes change nothing");
                    }
                    if let Event::Extended { by } = &event {
                        prop_assert_eq!(by.as_str(), account.owner());
                        prop_assert!(held.deadline() > before.deadline());
                    }
                    account.taken.push(event.clone());
                    if let Event::Rejudged(decision) = &event {
                        account.ask(decision);
                    }
                    if let Event::Voted(Vote { choice: Choice::ApproveEdited { judged, .. }, .. }) = &event {
                        prop_assert!(before.votes().is_empty(), "nobody's vote was for something else");
                        account.ask(&judged.decision);
                    }
                    if matches!(event, Event::Claimed { .. }) {
                        prop_assert!(is_approved(&before), "only an approval is released or changes here");
                        releases += 1;
                    }
                    recorded.push((now, event));
                }
                None => {
                    let Try::Release(n) = attempt else { unreachable!() };
                    let decision = newer(n);
                    let id = release_id(1);
                    match held.release(&decision, id.clone(), now) {
                        Ok(released) => {
                            releases += 1;
                            account.ask(&decision);
                            prop_assert!(account.allows_release(&held), "no release without every requirement");
                            prop_assert!(!matches!(decision.outcome, Outcome::Denied { .. }), "I5");
                            prop_assert!(!overdue);
                            prop_assert_eq!(released.digest(), before.digest(), "I2");
                            if decision != *before.decision() {
                                recorded.push((now, Event::Rejudged(decision)));
                            }
                            recorded.push((now, Event::Claimed { release: id }));
                        }
                        Err(_) if *held.state() == *before.state() && held == before => {}
                        Err(_) => {
                            prop_assert!(is_approved(&before), "only an approval is released or changes here");
                            prop_assert!(!is_approved(&held), "what was not released is approved no more");
                            let event = if overdue { Event::CollectionPassed } else { Event::Rejudged(decision.clone()) };
                            if !overdue {
                                account.ask(&decision);
                            }
                            recorded.push((now, event));
                        }
                    }
                }
            }
            prop_assert!(releases <= 1, "I2: at most one release a hold");
            if is_approved(&held) {
                prop_assert!(account.allows_release(&held), "approved means that everything asked was given");
            }
        }
        prop_assert_eq!(HeldCall::replay(start, &recorded).unwrap(), held);
    }
}
