//! A journal in a folder of its own, with a clock that the test moves, and calls to record in it.

#[path = "../../../approvals/tests/support/mod.rs"]
mod calls;
pub(crate) mod granted;

pub(crate) use calls::*;

use approvals::{Admission, Event, HeldCall, HoldId, Ids, ReleasedCall, admit};
use journal::{Entry, Journal, JournalError, RootKey};
use policy::{ActionKind, Applied, Decision, Mode, Outcome, PolicyTrace, Timestamp};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use tempfile::TempDir;

pub(crate) struct Scene {
    folder: TempDir,
    clock: Arc<AtomicI64>,
    ids: AtomicU8,
}

impl Scene {
    pub(crate) fn new() -> Scene {
        Scene {
            folder: TempDir::new().unwrap(),
            clock: Arc::new(AtomicI64::new(START.0)),
            ids: AtomicU8::new(1),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    pub(crate) fn pass(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::SeqCst);
    }

    pub(crate) fn open(&self) -> Journal {
        self.try_open(7).unwrap()
    }

    /// With the root key that consists of this byte.
    pub(crate) fn try_open(&self, key: u8) -> Result<Journal, JournalError> {
        let clock = Arc::clone(&self.clock);
        Journal::open(&self.path(), &RootKey::new([key; 32]), move || Timestamp(clock.load(Ordering::SeqCst)))
    }

    /// The file as another program sees it.
    pub(crate) fn sql(&self) -> rusqlite::Connection {
        let sql = rusqlite::Connection::open(self.path()).unwrap();
        sql.pragma_update(None, "synchronous", "OFF").unwrap();
        sql
    }

    pub(crate) fn ids(&self) -> Ids {
        ids(self.ids.fetch_add(1, Ordering::SeqCst))
    }

    pub(crate) fn allowed(&self) -> ReleasedCall {
        match admit(
            traced(decision(Outcome::Allowed)),
            call("12.50"),
            facts(),
            owner(),
            self.ids(),
            self.now(),
        ) {
            Admission::Released(released) => released,
            other => panic!("released, not {other:?}"),
        }
    }

    /// A recorded hold of the owner's flow.
    pub(crate) fn hold(&self, journal: &Journal) -> HeldCall {
        self.hold_as(journal, self.ids())
    }

    pub(crate) fn hold_as(&self, journal: &Journal, ids: Ids) -> HeldCall {
        let decision = traced(held_by(vec![anybody("owner", 15)]));
        match admit(decision, call("7250.00"), facts(), owner(), ids, self.now()) {
            Admission::Held(held) => {
                journal.record(Entry::HoldOpened(held.opened().clone())).unwrap();
                *held
            }
            other => panic!("held, not {other:?}"),
        }
    }

    /// Applied and recorded, as the desk does.
    pub(crate) fn happen(&self, journal: &Journal, held: &mut HeldCall, event: Event) {
        held.apply(event.clone(), self.now()).unwrap();
        journal.record(Entry::HoldEvent { hold: held.id().clone(), event, at: self.now() }).unwrap();
    }

    pub(crate) fn release(&self, held: &mut HeldCall) -> ReleasedCall {
        let decision = held.decision().clone();
        held.release(&decision, self.ids().release, self.now()).unwrap()
    }

    /// A hold with vote, release and completion; an allowed call; a denied one; a pin; a set: one of each.
    pub(crate) fn live(&self, journal: &Journal) -> HoldId {
        journal.record(Entry::Started { version: "0.1.0".into() }).unwrap();
        journal.confirm_set(&[("policies/a.toml".to_owned(), "name = 'a'".to_owned())].into()).unwrap();
        journal.set_pin("expenses", "create_expense", &policy::Value::from("definition")).unwrap();
        let mut held = self.hold(journal);
        let vote = approval(&held);
        self.happen(journal, &mut held, vote);
        let released = self.release(&mut held);
        let release = released.id().clone();
        drop(journal.commit(released).unwrap());
        journal.complete(&release, &journal::Completion::answered(false, b"done")).unwrap();
        let released = self.allowed();
        let release = released.id().clone();
        drop(journal.commit(released).unwrap());
        journal
            .complete(&release, &journal::Completion::Failed { why: "its upstream exited".into() })
            .unwrap();
        journal.record(self.refused()).unwrap();
        held.id().clone()
    }

    pub(crate) fn refused(&self) -> Entry {
        let refusal = approvals::Refusal::Denied { message: None };
        Entry::Refused { call: call("99999"), facts: facts(), decision: traced(denied()), refusal }
    }
}

/// With one deciding policy and one that looked and did not apply.
pub(crate) fn traced(mut decision: Decision) -> Decision {
    let policy = |id: &str, applied, deciding| PolicyTrace {
        id: id.parse().unwrap(),
        name: format!("The policy {id}"),
        description: String::new(),
        action: ActionKind::RequestApproval,
        flow: None,
        mode: Mode::Enforce,
        applied,
        deciding,
        predicates: Vec::new(),
        sentence: "amount is 7250.00, above 5000".into(),
    };
    decision.trace.policies = vec![policy("large", Applied::Yes, true), policy("other", Applied::No, false)];
    decision
}
