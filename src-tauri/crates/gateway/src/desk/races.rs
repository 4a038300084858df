//! Two things at once, on real threads: whatever the order, one outcome, and the journal tells the same. Two approvers
//! are in `races/approvers.rs`; what an agent does meanwhile is in the tests of the whole app.

use super::*;
use crate::card::ToolWords;
use approvals::{
    Admission, AtDesk, Basis, Bound, Choice, GrantId, GrantMaker, GrantTerms, Ids, Limit, Means, Voter,
};
use policy::{
    AgentFacts, ApprovalFlow, ContextFacts, Facts, Outcome as Decided, Requirements, ToolCall, ToolFacts,
    Trace, UpstreamFacts, User, UserId, Value,
};
use std::sync::Barrier;
use std::sync::atomic::{AtomicI64, Ordering};

mod alike;
mod approvers;

const START: i64 = 1_700_000_000_000;
const QUARTER: i64 = 15 * 60_000;

/// Ten thousand rounds in the deep run.
fn rounds() -> u32 {
    if std::env::var_os("DOORWARD_DEEP").is_some() { 10_000 } else { 200 }
}

/// A record does not grow beyond so many rounds: what is raced is the desk, not a long history.
const A_BENCH: u32 = 250;

/// Each round on a bench that is not much used yet.
fn at_benches(decision: impl Fn() -> Decision, round: impl Fn(&Bench, u32)) {
    let mut bench = bench(decision());
    for number in 0..rounds() {
        if number > 0 && number.is_multiple_of(A_BENCH) {
            bench = self::bench(decision());
        }
        round(&bench, number);
    }
}

struct Bench {
    _folder: tempfile::TempDir,
    desk: Arc<Desk>,
    now: Arc<AtomicI64>,
    decision: Decision,
}

/// In memory where the system has such a folder: a disk's pace is no part of these.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

fn bench(decision: Decision) -> Bench {
    let folder = folder();
    let now = Arc::new(AtomicI64::new(START));
    let clock = Clock::from_fn({
        let now = Arc::clone(&now);
        move || Timestamp(now.load(Ordering::SeqCst))
    });
    let key = journal::RootKey::new([7; 32]);
    let of_journal = clock.clone();
    let journal = Journal::open(&folder.path().join("j"), &key, move || of_journal.now()).unwrap();
    let desk = Desk::open(Arc::new(journal), clock, |_| ToolWords::default(), TaskTracker::new()).unwrap();
    Bench { _folder: folder, desk: Arc::new(desk), now, decision }
}

fn ana() -> User {
    let id: UserId = "ana".parse().unwrap();
    User {
        id,
        name: "Ana".into(),
        email: None,
        roles: [].into(),
        department: None,
        owner: true,
        attributes: [].into(),
    }
}

fn facts() -> Facts {
    Facts {
        user: ana(),
        agent: AgentFacts {
            name: "coder".into(),
            program: None,
            process: None,
            claimed_client: None,
            paired_programs: vec![],
        },
        tool: ToolFacts::default(),
        upstream: UpstreamFacts { name: "up".into(), transport: "stdio".into(), remote: false, root: None },
        context: ContextFacts {
            time: Timestamp(START),
            utc_offset_minutes: 0,
            project: None,
            branch: None,
            locked: None,
            calls_last_minute: 0,
            calls_last_hour: None,
            tool_calls_last_minute: None,
            tool_calls_last_hour: None,
        },
        paths: [].into(),
    }
}

fn owner() -> Decision {
    held_by(vec![ApprovalFlow::owner().unwrap()])
}

fn held_by(flows: Vec<ApprovalFlow>) -> Decision {
    let outcome = Decided::Held(Requirements { flows, ..Requirements::default() });
    Decision { revision: "r".into(), outcome, trace: Trace::default() }
}

fn call(number: u32) -> ToolCall {
    ToolCall {
        user: "ana".parse().unwrap(),
        agent: "coder".parse().unwrap(),
        upstream: "up".parse().unwrap(),
        tool: "t".parse().unwrap(),
        definition: policy::DefinitionHash([7; 32]),
        arguments: Value::object([("n", Value::from(i64::from(number)))]),
    }
}

impl Bench {
    fn ids(&self) -> Ids {
        let mut random = [[0; 16]; 2];
        for bytes in &mut random {
            getrandom::fill(bytes).unwrap();
        }
        Ids::from_random(random[0], random[1])
    }

    fn admit(&self, number: u32) -> Admission {
        let others = vec![Voter::from("bob".parse::<UserId>().unwrap())];
        let desk = AtDesk { session: Some("s".into()), others, ..AtDesk::from(Voter::from(&ana())) };
        self.desk.admit((self.decision.clone(), call(number), facts()), desk, self.ids())
    }

    fn hold(&self, number: u32) -> Ticket {
        let Admission::Held(held) = self.admit(number) else { panic!("held") };
        match self.desk.attach(*held, ToolWords::default()).unwrap() {
            Place::Open(ticket) => ticket,
            Place::Over(..) => panic!("a new hold is open"),
        }
    }

    fn vote(&self, hold: &HoldId, digest: CallDigest, choice: Choice) -> Result<VoteReceipt, VoteError> {
        self.desk.vote(hold, digest, choice, Means::Window, &"ana".parse().unwrap())
    }

    fn claim(&self, hold: &HoldId) -> Option<ReleasedCall> {
        let again = |_: &HeldCall| Again { decision: self.decision.clone(), voters: None };
        match self.desk.claim(hold, again, self.ids().release) {
            Claim::Released(call) => Some(call),
            Claim::NotNow => None,
            Claim::NotRecorded(error) => panic!("{error}"),
        }
    }

    /// What the record makes of a hold is what the desk has.
    fn is_on_record(&self, hold: &HoldId) {
        let (opened, events) = self.desk.journal.hold(hold).unwrap().unwrap();
        let replayed = HeldCall::replay(opened, &events).unwrap();
        let inner = self.desk.lock();
        assert_eq!(replayed, inner.holds[hold].held);
    }

    fn state(&self, hold: &HoldId) -> HoldState {
        self.desk.lock().holds[hold].held.state().clone()
    }
}

/// Both at once; what each came to.
fn at_once<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            barrier.wait();
            one()
        });
        barrier.wait();
        let second = other();
        (first.join().unwrap(), second)
    })
}

#[test]
fn an_approval_and_a_deadline_at_once_have_one_outcome() {
    at_benches(owner, |bench, round| {
        let hold = bench.hold(round).hold().clone();
        let digest = call(round).digest();
        let (voted, ()) = at_once(
            || bench.vote(&hold, digest, Choice::Approve).is_ok(),
            || {
                bench.now.fetch_add(QUARTER, Ordering::SeqCst);
                bench.desk.pass_deadlines();
            },
        );
        let state = bench.state(&hold);
        // Approved first, it may have been left uncollected by then.
        let uncollected = matches!(&state, HoldState::Ended { verdict: approvals::Verdict::Uncollected, .. });
        let is_approved = uncollected || matches!(state, HoldState::Approved { .. });
        assert_eq!(voted, is_approved, "I5: {state:?}");
        assert!(is_approved || matches!(state, HoldState::Ended { .. }), "{state:?}");
        bench.is_on_record(&hold);
        bench.desk.withdraw("the round is over", |_| true);
    });
}

#[test]
fn an_approval_and_a_withdrawal_at_once_have_one_outcome() {
    at_benches(owner, |bench, round| {
        let hold = bench.hold(round).hold().clone();
        let digest = call(round).digest();
        let (_, claimed) = at_once(
            || bench.desk.withdraw("cancelled", |held| held.asked_digest() == digest),
            || {
                let voted = bench.vote(&hold, digest, Choice::Approve).is_ok();
                let claimed = bench.claim(&hold);
                assert!(voted || claimed.is_none(), "nothing goes without the vote");
                claimed.map(|call| bench.desk.journal.commit(call).unwrap())
            },
        );
        let state = bench.state(&hold);
        let ended = matches!(&state, HoldState::Ended { verdict: approvals::Verdict::Withdrawn, .. });
        let released = matches!(state, HoldState::Released { .. });
        assert!(ended != released && released == claimed.is_some(), "{state:?}");
        bench.is_on_record(&hold);
        bench.desk.finish(&hold, Outcome::Unknown, 0);
    });
}

#[test]
fn two_answers_at_once_count_once() {
    at_benches(owner, |bench, round| {
        let hold = bench.hold(round).hold().clone();
        let digest = call(round).digest();
        let (yes, no) = at_once(
            || bench.vote(&hold, digest, Choice::Approve).is_ok(),
            || bench.vote(&hold, digest, Choice::Reject { reason: None }).is_ok(),
        );
        assert!(yes != no, "one of them was first");
        assert_eq!(yes, matches!(bench.state(&hold), HoldState::Approved { .. }));
        bench.is_on_record(&hold);
        bench.desk.withdraw("the round is over", |_| true);
    });
}

#[test]
fn a_retry_during_an_approval_runs_the_call_once() {
    at_benches(owner, |bench, round| {
        let first = bench.hold(round);
        let hold = first.hold().clone();
        let digest = call(round).digest();
        let (one, other) = at_once(
            || {
                bench.vote(&hold, digest, Choice::Approve).unwrap();
                bench.claim(&hold)
            },
            || {
                let Some(Place::Open(ticket)) = bench.desk.come_back(digest, &facts().agent, true) else {
                    panic!("the identical call finds its hold")
                };
                assert_eq!(*ticket.hold(), hold, "nobody is asked twice");
                bench.claim(&hold)
            },
        );
        let released: Vec<ReleasedCall> = [one, other].into_iter().flatten().collect();
        assert_eq!(released.len(), 1, "I2");
        for call in released {
            drop(bench.desk.journal.commit(call).unwrap());
        }
        bench.is_on_record(&hold);
        bench.desk.finish(&hold, Outcome::Unknown, 0);
    });
}

#[test]
fn a_grant_gives_nothing_once_it_was_revoked_and_never_more_than_its_uses() {
    at_benches(owner, |bench, round| {
        let hold = bench.hold(round).hold().clone();
        let mut random = [0; 16];
        getrandom::fill(&mut random).unwrap();
        let grant = GrantId::from_random(random);
        let maker = GrantMaker {
            id: grant.clone(),
            by: "ana".parse().unwrap(),
            means: Means::Window,
            is_locked: Some(false),
            now: Timestamp(START),
        };
        let scope =
            vec![Limit { argument: "n".into(), bound: Bound::Exactly(Value::from(i64::from(round))) }];
        let terms = GrantTerms {
            scope,
            project: false,
            until: bench.desk.clock.now().after(Duration::from_secs(60)),
            session: true,
            uses: Some(1),
        };
        let ballot = Ballot {
            hold: hold.clone(),
            digest: call(round).digest(),
            choice: Choice::Approve,
            means: Means::Window,
            by: "ana".parse().unwrap(),
            proof: None,
        };
        bench.desk.approve_and_grant(ballot, terms, maker).unwrap();
        bench.desk.withdraw("only its grant is looked at", |_| true);
        let used = |admission: Admission| match admission {
            Admission::Released(call) => {
                assert!(matches!(call.basis(), Basis::Grant { .. }));
                let basis = call.basis().clone();
                let committed = bench.desk.journal.commit(call);
                if committed.is_err() {
                    bench.desk.give_back(&basis);
                }
                committed.is_ok()
            }
            Admission::Held(_) => false,
            Admission::Refused(refusal) => panic!("{refusal:?}"),
        };
        if round.is_multiple_of(2) {
            let (used, revoked) =
                at_once(|| used(bench.admit(round)), || bench.desk.revoke(&grant, None, "enough").is_ok());
            assert!(revoked);
            let recorded = bench.desk.journal.grants().unwrap();
            let recorded = recorded.iter().find(|known| known.grant.id == grant).unwrap();
            assert_eq!((recorded.hits, recorded.revoked.is_some()), (u32::from(used), true));
        } else {
            let (one, other) = at_once(|| used(bench.admit(round)), || used(bench.admit(round)));
            assert!(one != other, "its one use was taken once");
        }
        assert!(!used(bench.admit(round)), "nothing is left of it");
    });
}
