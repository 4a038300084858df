//! The running service that keeps holds and the agents that wait on them.
//!
//! Votes come from the window, a notification, a terminal or a ceremony ([`votes`]); waiters come from the pipeline
//! ([`Desk::attach`]). Every change is recorded before anybody is told of it. What may happen to a hold is
//! decided by `approvals`, never here. Keeps I2, I3 and I5 by going through `HeldCall` and the journal only.

use crate::card::ToolWords;
use crate::clock::Clock;
use crate::outcomes::{Found, Outcome, Outcomes, Runs, remember};
use crate::presence::Presence;
use crate::retry_key::RetryKey;
use crate::slip::Slip;
use crate::ticket::{Phase, Ticket};
use approvals::{Event, HeldCall, HoldId, HoldState, Refusal, ReleaseId, ReleasedCall, Voters};
use journal::{Entry, Journal, JournalError};
use policy::{AgentFacts, CallDigest, Decision, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::task::TaskTracker;

mod deadlines;
mod ends;
mod given;
mod inbox;
mod look;
#[cfg(test)]
mod races;
mod similar;
mod votes;

pub(crate) use deadlines::voters;
pub use inbox::HeldSummary;
pub use votes::{Ballot, Standing, VoteError, VoteReceipt};

/// Holds one agent may have open at a time.
pub const HOLD_CAP: usize = 50;
/// How often the desk looks around while it keeps anything.
const LOOK: Duration = Duration::from_secs(5);
/// Ended holds stay on show for this long.
const SHOWN_AFTER_END: Duration = Duration::from_secs(60);

/// What changed at the desk or in the engine; sent to whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskEvent {
    HoldOpened {
        hold: HoldId,
    },
    HoldChanged {
        hold: HoldId,
    },
    HoldEnded {
        hold: HoldId,
    },
    /// A person who was sent here by an agent wants to see this hold.
    Asked {
        hold: HoldId,
    },
    Activity,
    /// A person is back at the screen; see `Engine::away_digest`.
    Returned,
    Grants,
    SetChanged,
    Agents,
    Upstreams,
    /// Everything is held from now on, or no longer is.
    Paused,
    /// Whether the screen is locked is known otherwise, or not any more.
    Screen,
    /// Calls cannot be recorded, or can be again; see [`Journal::trouble`].
    Journal,
    /// A passkey came, went, or has another name.
    Passkeys,
}

/// What counts at the moment of a release: the set's decision, and who may vote.
pub(crate) struct Again {
    pub(crate) decision: Decision,
    /// None where nobody could.
    pub(crate) voters: Option<Voters>,
}

/// What became of an attempt to claim an approved hold.
pub(crate) enum Claim {
    Released(ReleasedCall),
    /// Somebody else runs it, or it waits again; the phase tells.
    NotNow,
    /// It could not be recorded; the hold is as it was.
    NotRecorded(JournalError),
}

/// What the desk knows of a call when it comes in.
pub(crate) enum Place {
    /// The identical call is held: the place at its side.
    Open(Ticket),
    /// The identical call is over, and this is what its agent did not hear yet.
    Over(HoldId, Outcome, Slip),
}

struct Kept {
    held: HeldCall,
    /// As recorded: a change that could not be recorded is undone by replaying these.
    events: Vec<(Timestamp, Event)>,
    words: ToolWords,
    phase: watch::Sender<Phase>,
    ended_at: Option<Timestamp>,
    /// Its outcome was written to an agent.
    read: Arc<AtomicBool>,
    /// When the identical call last ran before this one came.
    ran_before: Option<Timestamp>,
}

#[derive(Default)]
struct Inner {
    holds: HashMap<HoldId, Kept>,
    /// Open holds only: the identical call joins instead of asking again.
    open: HashMap<RetryKey, HoldId>,
    outcomes: Outcomes,
}

/// See the module.
pub struct Desk {
    inner: Mutex<Inner>,
    journal: Arc<Journal>,
    clock: Clock,
    events: broadcast::Sender<DeskEvent>,
    timer: Notify,
    runs: Mutex<Runs>,
    ends: ends::Ends,
    given: Mutex<given::Given>,
    presence: Presence,
    tasks: TaskTracker,
}

impl Desk {
    /// Takes up the holds the journal still has open, and what was not read of those that ended; nobody waits
    /// for them yet.
    pub(crate) fn open(
        journal: Arc<Journal>,
        clock: Clock,
        words: impl Fn(&policy::ToolCall) -> ToolWords,
        tasks: TaskTracker,
    ) -> Result<Desk, JournalError> {
        let (mut inner, mut runs) = (Inner::default(), Runs::default());
        remember(&journal, clock.now(), &mut inner.outcomes, &mut runs)?;
        for (opened, events) in journal.open_holds()? {
            let words = words(&opened.call);
            match HeldCall::replay(opened, &events) {
                Ok(held) => drop(inner.keep(held, events, words, &runs)),
                Err(error) => tracing::error!(%error, "a recorded hold does not replay and is left out"),
            }
        }
        // Where the clock was set back while nobody counted, what was left when it was last written down is left.
        let floor = journal.latest_time()?.unwrap_or(clock.now());
        let given = given::Given::recall(&journal, &clock, floor)?;
        let events = broadcast::channel(256).0;
        let heard = events.clone();
        journal.hear_trouble(move || drop(heard.send(DeskEvent::Journal)));
        let desk = Desk {
            inner: Mutex::new(inner),
            journal,
            clock,
            events,
            timer: Notify::new(),
            runs: Mutex::new(runs),
            ends: ends::Ends::default(),
            given: Mutex::new(given),
            presence: Presence::default(),
            tasks,
        };
        for kept in desk.lock().holds.values() {
            desk.resume_end(&kept.held, floor);
        }
        Ok(desk)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn send(&self, event: DeskEvent) {
        // Nobody listening is fine: the state is here to be asked for.
        let _ = self.events.send(event);
    }

    /// What changes from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<DeskEvent> {
        self.events.subscribe()
    }

    /// The time this desk goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What there is of the identical call of this agent's program: its open hold, or an outcome that was not read yet.
    /// An outcome other than that of a run counts only where `is_held`: where people would have to be asked.
    pub(crate) fn come_back(
        self: &Arc<Self>,
        call: CallDigest,
        agent: &AgentFacts,
        is_held: bool,
    ) -> Option<Place> {
        let inner = self.lock();
        let place = self.place(&inner, &RetryKey::all_of(call, agent), is_held);
        drop(inner);
        if let Some(Place::Open(ticket)) = &place {
            self.send(DeskEvent::HoldChanged { hold: ticket.hold().clone() });
        }
        place
    }

    fn place(self: &Arc<Self>, inner: &Inner, keys: &[RetryKey], is_held: bool) -> Option<Place> {
        let mut open = keys.iter().filter_map(|key| inner.holds.get(inner.open.get(key)?));
        if let Some(kept) = open.next() {
            return Some(Place::Open(self.ticket(kept)));
        }
        let now = self.clock.now();
        let Found { hold, outcome, read } = keys.iter().find_map(|key| inner.outcomes.find(key, now))?;
        let slip = Slip::new(self, &hold, read);
        (is_held || outcome.is_of_a_run()).then_some(Place::Over(hold, outcome, slip))
    }

    fn ticket(self: &Arc<Self>, kept: &Kept) -> Ticket {
        Ticket::new(self, kept.held.id(), kept.phase.subscribe(), Arc::clone(&kept.read))
    }

    /// Whether somebody may still decide on it.
    pub(crate) fn is_waiting(&self, hold: &HoldId) -> bool {
        self.lock().holds.get(hold).is_some_and(|kept| matches!(kept.held.state(), HoldState::Waiting))
    }

    /// When the hold's state changes by itself.
    pub(crate) fn deadline(&self, hold: &HoldId) -> Option<Timestamp> {
        self.lock().holds.get(hold).map(|kept| kept.held.deadline())
    }

    /// Keeps a new hold: recorded first, then shown. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be recorded (nothing is kept), or the agent has too many holds.
    pub(crate) fn attach(self: &Arc<Self>, held: HeldCall, words: ToolWords) -> Result<Place, AttachError> {
        let mut inner = self.lock();
        let keys = RetryKey::all_of(held.asked_digest(), &held.opened().facts.agent);
        if let Some(place) = self.place(&inner, &keys, true) {
            return Ok(place);
        }
        let agent = &held.call().agent;
        let open = inner.open.values().filter_map(|hold| inner.holds.get(hold));
        if open.filter(|kept| kept.held.call().agent == *agent).count() >= HOLD_CAP {
            return Err(AttachError::TooMany);
        }
        self.journal.record(Entry::HoldOpened(held.opened().clone()))?;
        let hold = held.id().clone();
        let ticket = self.ticket(inner.keep(held, Vec::new(), words, &self.runs()));
        drop(inner);
        self.timer.notify_one();
        self.send(DeskEvent::HoldOpened { hold });
        Ok(Place::Open(ticket))
    }

    /// Applies an event and records it; undone when it cannot be recorded.
    fn change(&self, kept: &mut Kept, event: Event, now: Timestamp) -> Result<(), VoteError> {
        kept.held.apply(event.clone(), now)?;
        if let Err(error) = self.journal.record(Entry::HoldEvent {
            hold: kept.held.id().clone(),
            event: event.clone(),
            at: now,
        }) {
            kept.undo();
            return Err(error.into());
        }
        kept.events.push((now, event));
        Ok(())
    }

    /// Tells waiters and listeners where the hold stands now.
    fn settle(&self, inner: &mut Inner, hold: &HoldId, now: Timestamp) {
        let Some(kept) = inner.holds.get_mut(hold) else { return };
        let (phase, event) = match kept.held.state() {
            HoldState::Waiting => (Phase::Waiting, DeskEvent::HoldChanged { hold: hold.clone() }),
            HoldState::Approved { .. } => (Phase::Claimable, DeskEvent::HoldChanged { hold: hold.clone() }),
            HoldState::Released { .. } => (Phase::Running, DeskEvent::HoldChanged { hold: hold.clone() }),
            HoldState::Ended { verdict, .. } => {
                let outcome = Outcome::Refused(Refusal::of(verdict).unwrap_or(Refusal::Withdrawn));
                return self.end(inner, hold, outcome, 0, now);
            }
        };
        kept.phase.send_replace(phase);
        self.timer.notify_one();
        self.send(event);
    }

    /// Everybody who waits reads the outcome; while nobody did, the next identical call does.
    fn end(&self, inner: &mut Inner, hold: &HoldId, outcome: Outcome, bytes: u64, now: Timestamp) {
        let Some(kept) = inner.holds.get_mut(hold) else { return };
        if kept.ended_at.is_none() {
            kept.ended_at = Some(now);
            let found = Found { hold: hold.clone(), outcome: outcome.clone(), read: Arc::clone(&kept.read) };
            let key = RetryKey::of_hold(&kept.held);
            inner.open.remove(&key);
            inner.outcomes.put(key, found, bytes, now);
        }
        kept.phase.send_replace(Phase::Over(outcome));
        self.timer.notify_one();
        self.send(DeskEvent::HoldEnded { hold: hold.clone() });
    }

    /// Takes the release of an approved hold, judged again by the set of this moment. Blocks on the disk.
    pub(crate) fn claim(
        &self,
        hold: &HoldId,
        again: impl Fn(&HeldCall) -> Again,
        release: ReleaseId,
    ) -> Claim {
        let mut inner = self.lock();
        let Some(kept) = inner.holds.get_mut(hold) else { return Claim::NotNow };
        let now = self.now_for(&kept.held);
        if !matches!(kept.held.state(), HoldState::Approved { .. }) {
            return Claim::NotNow;
        }
        let Again { decision, voters } = again(&kept.held);
        let late = (kept.held.deadline() <= now).then_some(Event::CollectionPassed);
        let people = voters.and_then(|voters| deadlines::changed(&kept.held, &voters));
        let newer = (decision != *kept.held.decision()).then(|| Event::Rejudged(decision.clone()));
        for event in [late, people, newer].into_iter().flatten() {
            if let Err(VoteError::Journal(error)) = self.change(kept, event, now) {
                self.settle(&mut inner, hold, now);
                return Claim::NotRecorded(error);
            }
        }
        let released = kept.held.release(&decision, release, now);
        self.settle(&mut inner, hold, now);
        match released {
            Ok(call) => Claim::Released(call),
            Err(error) => {
                tracing::info!(%error, %hold, "an approved hold was not released");
                Claim::NotNow
            }
        }
    }

    /// The release could not be recorded: the hold is as it was, approved.
    pub(crate) fn unclaim(&self, hold: &HoldId) {
        let now = self.clock.now();
        let mut inner = self.lock();
        if let Some(kept) = inner.holds.get_mut(hold) {
            kept.undo();
        }
        self.settle(&mut inner, hold, now);
    }

    /// The one run is over: everybody who waits reads what came of it, and once that was read, the next identical
    /// call is a new one. `bytes` is the size of an answer.
    pub(crate) fn finish(&self, hold: &HoldId, outcome: Outcome, bytes: u64) {
        let now = self.clock.now();
        let mut inner = self.lock();
        self.end(&mut inner, hold, outcome, bytes, now);
    }

    /// Records that the outcome of a hold was written to its agent.
    pub(crate) fn record_read(&self, hold: HoldId) {
        let journal = Arc::clone(&self.journal);
        self.tasks.spawn_blocking(move || {
            if let Err(error) = journal.record(Entry::OutcomeRead { hold }) {
                tracing::error!(%error, "that an outcome was read could not be recorded; it may be given again");
            }
        });
    }

    /// A call went up.
    pub(crate) fn note_run(&self, call: CallDigest, at: Timestamp) {
        self.runs().note(call, at);
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn keep(
        &mut self,
        held: HeldCall,
        events: Vec<(Timestamp, Event)>,
        words: ToolWords,
        runs: &Runs,
    ) -> &Kept {
        let ran_before = runs.last(&held.asked_digest(), held.opened().at);
        let phase = match held.state() {
            HoldState::Approved { .. } => Phase::Claimable,
            _ => Phase::Waiting,
        };
        let hold = held.id().clone();
        self.open.insert(RetryKey::of_hold(&held), hold.clone());
        let phase = watch::channel(phase).0;
        let kept = Kept { events, words, phase, ended_at: None, read: Arc::default(), ran_before, held };
        self.holds.entry(hold).insert_entry(kept).into_mut()
    }
}

impl Kept {
    fn is_attended(&self) -> bool {
        self.phase.receiver_count() > 0
    }

    fn undo(&mut self) {
        match HeldCall::replay(self.held.opened().clone(), &self.events) {
            Ok(held) => self.held = held,
            Err(error) => tracing::error!(%error, "a hold does not replay; it stays as it is"),
        }
    }
}

/// Why a hold was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttachError {
    #[error("this agent has {HOLD_CAP} calls waiting already")]
    TooMany,
    #[error(transparent)]
    Journal(#[from] JournalError),
}
