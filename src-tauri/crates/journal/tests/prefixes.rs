//! Random lives of several holds, through a real journal: whoever replays it finds at every prefix what the desk had.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "tests")]

mod support;

use approvals::{
    Admission, AtDesk, Authenticator, Choice, Event, GrantId, GrantMaker, GrantTerms, HeldCall, HoldState,
    Judged, Means, ProofMethod, ReleaseId, Vote, Voters, admit,
};
use journal::{Completion, Entry, Journal, RecordedGrant, Revoked, RootKey};
use policy::{ApprovalFlow, Decision, OnTimeout, Outcome, Stage};
use proptest::prelude::*;
use support::*;

/// One thing that may happen; `0` and `1` are the holds.
#[derive(Clone, Debug)]
enum Try {
    Vote { by: &'static str, approve: bool, with: Option<ProofMethod> },
    Edit { by: &'static str },
    Prove { by: &'static str },
    Extend,
    PassDeadline,
    PassCollection,
    Withdraw,
    Rejudge(usize),
    ChangePeople(usize),
    Release(usize),
    Complete,
    Grant,
    UseGrant,
    Revoke,
    Pause(bool),
}

fn people() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just("ana"), 3 => Just("bob"), 2 => Just("eva")]
}

fn tries() -> impl Strategy<Value = Try> {
    let with = prop_oneof![2 => Just(None), 3 => Just(Some(passkey()))];
    prop_oneof![
        9 => (people(), prop::bool::weighted(0.9), with)
            .prop_map(|(by, approve, with)| Try::Vote { by, approve, with }),
        1 => people().prop_map(|by| Try::Edit { by }),
        2 => people().prop_map(|by| Try::Prove { by }),
        1 => Just(Try::Extend),
        2 => Just(Try::PassDeadline),
        1 => Just(Try::PassCollection),
        1 => Just(Try::Withdraw),
        2 => (0_usize..6).prop_map(Try::Rejudge),
        2 => (0_usize..3).prop_map(Try::ChangePeople),
        4 => (0_usize..6).prop_map(Try::Release),
        2 => Just(Try::Complete),
        3 => Just(Try::Grant),
        3 => Just(Try::UseGrant),
        1 => Just(Try::Revoke),
        1 => prop::bool::ANY.prop_map(Try::Pause),
    ]
}

fn granting() -> ApprovalFlow {
    flow("owner", vec![Stage { grants: true, ..stage(&[], &[], 1, 15) }])
}

fn decided(n: usize) -> Decision {
    let escalating = Stage {
        on_timeout: OnTimeout::Escalate,
        escalate_to: stage(&[], &["boss"], 1, 1).approvers,
        ..stage(&[], &["finance"], 1, 10)
    };
    traced(match n {
        0 => held_by(vec![granting()]),
        1 => {
            held_by(vec![flow("two", vec![stage(&["ana", "bob"], &[], 2, 30), stage(&["ana"], &[], 1, 10)])])
        }
        2 => held_by(vec![flow("up", vec![escalating])]),
        3 => with_step_up(vec![granting()], true, 0),
        4 => denied(),
        _ => decision(Outcome::Allowed),
    })
}

/// What the desk has, beside its journal.
struct Desk {
    scene: Scene,
    journal: Journal,
    holds: Vec<HeldCall>,
    /// Released and not completed.
    running: Vec<ReleaseId>,
    grants: Vec<RecordedGrant>,
    paused: bool,
}

impl Desk {
    fn new(first: [usize; 2]) -> Desk {
        let scene = Scene::new();
        let journal = scene.open();
        let holds = first.map(|n| {
            let authenticator = Authenticator::Passkey;
            let desk = AtDesk { others: others(), authenticator, ..owner().into() };
            match admit(decided(n), call("7250.00"), facts(), desk, scene.ids(), scene.now()) {
                Admission::Held(held) => {
                    journal.record(Entry::HoldOpened(held.opened().clone())).unwrap();
                    *held
                }
                other => panic!("held, not {other:?}"),
            }
        });
        let (holds, running, grants) = (Vec::from(holds), Vec::new(), Vec::new());
        Desk { scene, journal, holds, running, grants, paused: false }
    }

    fn event_of(&self, at: usize, attempt: &Try) -> Option<Event> {
        let held = &self.holds[at];
        Some(match attempt {
            Try::Vote { by, approve, with } => {
                let choice = if *approve { Choice::Approve } else { Choice::Reject { reason: None } };
                let proof = with.clone().map(|method| proof(by, method, held));
                Event::Voted(Vote { proof, ..vote(by, choice, held.digest()) })
            }
            Try::Edit { by } => {
                let judged = Box::new(Judged { facts: facts(), decision: held.decision().clone() });
                let choice = Choice::ApproveEdited { arguments: call("10").arguments, judged };
                Event::Voted(vote(by, choice, held.digest()))
            }
            Try::Prove { by } => Event::Proven(proof(by, passkey(), held)),
            Try::Extend => Event::Extended { by: "ana".parse().unwrap() },
            Try::PassDeadline => Event::DeadlinePassed,
            Try::PassCollection => Event::CollectionPassed,
            Try::Withdraw => Event::Withdrawn { why: "removed".into() },
            Try::Rejudge(n) => Event::Rejudged(decided(*n)),
            // As they were, without Eva, and with Bob alone in a role of Eva's.
            Try::ChangePeople(n) => {
                let mut others: Vec<_> = others().into_iter().take(2 - (*n).min(1)).collect();
                if *n == 2 {
                    others.iter_mut().for_each(|voter| voter.roles = ["boss".to_owned()].into());
                }
                Event::PeopleChanged(Voters { owner: owner(), others })
            }
            _ => return None,
        })
    }

    /// As the desk does it: applied, then recorded; what does not fit is neither.
    fn happen(&mut self, at: usize, attempt: &Try) {
        let now = self.scene.now();
        if let Some(event) = self.event_of(at, attempt) {
            let held = &mut self.holds[at];
            let entry = Entry::HoldEvent { hold: held.id().clone(), event: event.clone(), at: now };
            match held.apply(event, now) {
                Ok(()) => assert!(self.journal.record(entry).is_ok()),
                Err(_) => assert!(self.journal.record(entry).is_err(), "what does not fit is not recorded"),
            }
            return;
        }
        match attempt {
            Try::Release(n) => self.release(at, &decided(*n)),
            Try::Complete => {
                if let Some(release) = self.running.pop() {
                    self.journal.complete(&release, &Completion::answered(false, b"{}")).unwrap();
                }
            }
            Try::Grant => self.grant(at),
            Try::UseGrant => self.use_grant(),
            Try::Revoke => self.revoke(),
            Try::Pause(on) => {
                let by = "ana".parse().unwrap();
                let entry = if *on { Entry::Paused { by } } else { Entry::Resumed { by } };
                self.journal.record(entry).unwrap();
                self.paused = *on;
            }
            other => unreachable!("{other:?} is an event"),
        }
    }

    fn release(&mut self, at: usize, newer: &Decision) {
        let (now, release) = (self.scene.now(), self.scene.ids().release);
        let (opened, events) = self.journal.hold(self.holds[at].id()).unwrap().unwrap();
        let before = HeldCall::replay(opened, &events).unwrap();
        let held = &mut self.holds[at];
        let record = |event| {
            let entry = Entry::HoldEvent { hold: before.id().clone(), event, at: now };
            self.journal.record(entry).unwrap();
        };
        match held.release(newer, release, now) {
            Ok(released) => {
                if newer != before.decision() {
                    record(Event::Rejudged(newer.clone()));
                }
                self.running.push(released.id().clone());
                drop(self.journal.commit(released).unwrap());
            }
            Err(_) if *held == before => {}
            Err(_) if now >= before.deadline() => record(Event::CollectionPassed),
            Err(_) => record(Event::Rejudged(newer.clone())),
        }
    }

    /// With the completing vote, as everywhere.
    fn grant(&mut self, at: usize) {
        let now = self.scene.now();
        let id = GrantId::from_random([u8::try_from(self.grants.len()).unwrap() + 1; 16]);
        let maker =
            GrantMaker { id, by: "ana".parse().unwrap(), means: Means::Window, is_locked: Some(false), now };
        let until = policy::Timestamp(now.0 + 30 * MINUTE);
        let scope = vec![approvals::Limit { argument: "amount".into(), bound: approvals::Bound::Any }];
        let terms = GrantTerms { scope, project: false, until, session: false, uses: Some(2) };
        let Ok(grant) = self.holds[at].draft_grant(terms, &maker) else { return };
        if !matches!(self.holds[at].state(), HoldState::Waiting) {
            return;
        }
        self.happen(at, &Try::Vote { by: "ana", approve: true, with: None });
        if matches!(self.holds[at].state(), HoldState::Approved { .. }) {
            self.journal.record(Entry::GrantMade(grant.clone())).unwrap();
            self.grants.push(RecordedGrant { grant, hits: 0, last_used: None, revoked: None });
        }
    }

    fn use_grant(&mut self) {
        let Some(known) = self.grants.last_mut() else { return };
        let desk = AtDesk { grants: vec![known.grant.clone()], ..owner().into() };
        let ids = self.scene.ids();
        let Admission::Released(released) =
            admit(decided(0), call("5"), facts(), desk, ids, self.scene.now())
        else {
            return;
        };
        let release = released.id().clone();
        let may = known.revoked.is_none() && known.hits < 2;
        assert_eq!(self.journal.commit(released).map(drop).is_ok(), may, "a grant gives what it has");
        if may {
            (known.hits, known.last_used) = (known.hits + 1, Some(self.scene.now()));
            self.running.push(release);
        }
    }

    fn revoke(&mut self) {
        let Some(known) = self.grants.iter_mut().find(|known| known.revoked.is_none()) else { return };
        let (by, at) = (Some("ana".parse().unwrap()), self.scene.now());
        let end = Revoked { grant: known.grant.id.clone(), by, why: "enough".into(), at };
        self.journal.record(Entry::GrantRevoked(end.clone())).unwrap();
        known.revoked = Some(end);
    }

    /// What somebody finds who has nothing but the journal.
    fn is_found_in(&self, journal: &Journal) {
        for held in &self.holds {
            let (opened, events) = journal.hold(held.id()).unwrap().unwrap();
            assert_eq!(&HeldCall::replay(opened, &events).unwrap(), held);
        }
        let is_open =
            |held: &&HeldCall| matches!(held.state(), HoldState::Waiting | HoldState::Approved { .. });
        let open: Vec<_> = self.holds.iter().filter(is_open).map(|held| held.id().clone()).collect();
        let found: Vec<_> = journal.open_holds().unwrap().into_iter().map(|(opened, _)| opened.id).collect();
        assert_eq!(found, open);
        let newest_first: Vec<_> = self.grants.iter().rev().cloned().collect();
        assert_eq!(journal.grants().unwrap(), newest_first);
        assert_eq!(journal.is_paused().unwrap(), self.paused);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_journal_replays_to_the_same_state_at_every_prefix(
        first in [0_usize..4, 0_usize..4],
        attempts in prop::collection::vec(
            (0_usize..2, tries(), prop_oneof![4 => 0_i64..60_000, 1 => 0_i64..1_200_000]), 1..22),
    ) {
        let mut desk = Desk::new(first);
        let look = Journal::open_to_read(&desk.scene.path(), &RootKey::new([7; 32])).unwrap();
        for (at, attempt, pause) in attempts {
            desk.scene.pass(pause);
            desk.happen(at, &attempt);
            desk.journal.settle().unwrap();
            desk.is_found_in(&look);
        }
        look.verify().unwrap();
        drop(look);
        // And after a restart, which ends what ran as unknown and changes nothing else.
        let Desk { scene, journal, holds, running, grants, paused } = desk;
        drop(journal);
        let journal = scene.open();
        prop_assert_eq!(journal.found_unknown(), running.len());
        let desk = Desk { scene, journal, holds, running, grants, paused };
        desk.is_found_in(&desk.journal);
        desk.journal.verify().unwrap();
    }
}
