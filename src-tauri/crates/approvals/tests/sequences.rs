//! Random events at random times: whatever the order, the invariants hold.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{Choice, Event, HeldCall, HoldState, Vote};
use policy::{ApprovalFlow, Decision, Outcome, Timestamp};
use proptest::prelude::*;
use support::*;

/// One thing somebody tries.
#[derive(Clone, Debug)]
enum Try {
    Vote { by: &'static str, approve: bool, digest_fits: bool },
    PassDeadline,
    PassCollection,
    Withdraw,
    Rejudge(usize),
    Claim,
    Release(usize),
}

fn tries() -> impl Strategy<Value = Try> {
    prop_oneof![
        6 => Just(Try::Vote { by: "ana", approve: true, digest_fits: true }),
        1 => Just(Try::Vote { by: "ana", approve: false, digest_fits: true }),
        1 => Just(Try::Vote { by: "ana", approve: true, digest_fits: false }),
        1 => Just(Try::Vote { by: "bob", approve: true, digest_fits: true }),
        1 => Just(Try::Vote { by: "bob", approve: false, digest_fits: true }),
        2 => Just(Try::PassDeadline),
        1 => Just(Try::PassCollection),
        1 => Just(Try::Withdraw),
        3 => (0_usize..8).prop_map(Try::Rejudge),
        1 => Just(Try::Claim),
        5 => (0_usize..8).prop_map(Try::Release),
    ]
}

fn flows(n: usize) -> Vec<ApprovalFlow> {
    match n {
        0 => vec![anybody("owner", 15)],
        1 => vec![flow("twice", vec![stage(&[], &[], 1, 10), stage(&["ana"], &[], 1, 10)])],
        2 => vec![anybody("owner", 15), flow("finance", vec![stage(&[], &["finance"], 1, 5)])],
        3 => vec![flow("two", vec![stage(&["ana", "bob"], &[], 2, 30)])],
        4 => vec![flow("finance", vec![stage(&["bob"], &[], 1, 30)])],
        _ => vec![
            anybody("owner", 40),
            flow("thrice", vec![stage(&[], &[], 1, 9), stage(&[], &[], 1, 9), stage(&[], &[], 1, 9)]),
        ],
    }
}

fn newer(n: usize) -> Decision {
    match n {
        0 => denied(),
        1 => step_up(),
        2 => decision(Outcome::Allowed),
        n => held_by(flows(n - 3)),
    }
}

/// Told apart from the state machine's own account: what votes were taken, and what was ever asked.
#[derive(Default)]
struct Account {
    asked: Vec<(ApprovalFlow, usize)>,
    approvals: usize,
}

impl Account {
    fn ask(&mut self, decision: &Decision) {
        let Outcome::Held(required) = &decision.outcome else { return };
        for flow in &required.flows {
            if !self.asked.iter().any(|(known, _)| known == flow) {
                self.asked.push((flow.clone(), self.approvals));
            }
        }
    }

    /// Only Ana votes, once a stage; votes from before a flow was added count once, at its first stage.
    fn allows_release(&self) -> bool {
        self.asked.iter().all(|(flow, before)| {
            let votes = self.approvals - before + usize::from(*before > 0);
            let open_to_ana = |stage: &policy::Stage| {
                stage.required == 1
                    && (stage.approvers.users.contains("ana")
                        || stage.approvers.roles.contains("finance")
                        || (stage.approvers.users.is_empty() && stage.approvers.roles.is_empty()))
            };
            flow.stages.iter().all(open_to_ana) && votes >= flow.stages.len()
        })
    }
}

fn event_of(attempt: &Try, held: &HeldCall) -> Option<Event> {
    Some(match attempt {
        Try::Vote { by, approve, digest_fits } => {
            let digest = if *digest_fits { held.digest() } else { call("1").digest() };
            let choice = if *approve { Choice::Approve } else { Choice::Reject { reason: None } };
            Event::Voted(vote(by, choice, digest))
        }
        Try::PassDeadline => Event::DeadlinePassed,
        Try::PassCollection => Event::CollectionPassed,
        Try::Withdraw => Event::Withdrawn { why: "removed".into() },
        Try::Rejudge(n) => Event::Rejudged(newer(*n)),
        Try::Claim => Event::Claimed { release: release_id(9) },
        Try::Release(_) => return None,
    })
}

fn is_approved(held: &HeldCall) -> bool {
    matches!(held.state(), HoldState::Approved { .. })
}

fn is_final(state: &HoldState) -> bool {
    matches!(state, HoldState::Released { .. })
        || matches!(state, HoldState::Ended { verdict, .. } if verdict.is_final())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_for_any_events_at_any_time(
        first in 0_usize..6,
        attempts in prop::collection::vec((tries(), prop_oneof![4 => 0_i64..120_000, 1 => 0_i64..1_200_000]), 1..25),
    ) {
        let start = opened(held_by(flows(first)));
        let mut held = HeldCall::open(start.clone());
        let mut recorded: Vec<(Timestamp, Event)> = Vec::new();
        let mut account = Account::default();
        account.ask(&start.decision);
        let (mut now, mut releases) = (START, 0);

        for (attempt, pause) in attempts {
            now = Timestamp(now.0 + pause);
            let before = HeldCall::replay(start.clone(), &recorded).unwrap();
            prop_assert_eq!(&before, &held, "replay gives the same state at every prefix");
            let overdue = now >= held.deadline();

            match event_of(&attempt, &held) {
                Some(event) => {
                    let checked = held.check(&event, now);
                    let applied = held.apply(event.clone(), now);
                    prop_assert_eq!(&checked, &applied);
                    if applied.is_err() {
                        prop_assert_eq!(&before, &held, "an event that does not fit changes nothing");
                        continue;
                    }
                    prop_assert!(!is_final(before.state()), "I5: verdicts are final");
                    if let Event::Voted(Vote { by, digest, choice, .. }) = &event {
                        prop_assert_eq!(by.as_str(), "ana", "votes by the unentitled change nothing");
                        prop_assert_eq!(*digest, held.digest(), "I2");
                        prop_assert!(!overdue && matches!(before.state(), HoldState::Waiting), "late votes change nothing");
                        account.approvals += usize::from(*choice == Choice::Approve);
                    }
                    if let Event::Rejudged(decision) = &event {
                        account.ask(decision);
                    }
                    if matches!(event, Event::Claimed { .. }) {
                        prop_assert!(is_approved(&before), "only an approval is released or changes here");
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
                            prop_assert!(account.allows_release(), "no release without every requirement");
                            prop_assert!(!matches!(decision.outcome, Outcome::Denied { .. }), "I5");
                            prop_assert!(!overdue);
                            prop_assert_eq!(released.digest(), start.call.digest(), "I2");
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
                prop_assert!(account.allows_release(), "approved means that everything asked was given");
            }
        }
        prop_assert_eq!(HeldCall::replay(start, &recorded).unwrap(), held);
    }
}
