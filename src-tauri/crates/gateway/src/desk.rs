//! The running service that keeps holds and the agents that wait on them.
//!
//! Votes come from the window, a notification or a terminal ([`Desk::vote`]); waiters come from the pipeline
//! ([`Desk::attach`]). Every change is recorded before anybody is told of it. What may happen to a hold is
//! decided by `approvals`, never here. Keeps I2, I3 and I5 by going through `HeldCall` and the journal only.

use crate::card::{self, Card, ToolWords};
use crate::clock::Clock;
use crate::ticket::{Phase, Ticket};
use crate::upstream::Reply;
use approvals::{
    Choice, Event, FlowError, HeldCall, HoldId, HoldState, Means, Refusal, ReleaseId, ReleasedCall, Verdict,
    Vote,
};
use journal::{Entry, Journal, JournalError};
use policy::{CallDigest, Decision, Timestamp, UserId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, watch};

/// Holds one agent may have open at a time.
pub const HOLD_CAP: usize = 50;
/// A rejection answers the identical call for this long, so that a person is not asked again at once.
const REJECTION_HOLDS: Duration = Duration::from_secs(5 * 60);
/// Ended holds stay on show for this long.
const SHOWN_AFTER_END: Duration = Duration::from_secs(60);

/// What changed at the desk or in the engine; sent to whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskEvent {
    HoldOpened { hold: HoldId },
    HoldChanged { hold: HoldId },
    HoldEnded { hold: HoldId },
    Activity,
    SetChanged,
    Agents,
    Upstreams,
}

/// What became of an attempt to claim an approved hold.
pub(crate) enum Claim {
    Released(ReleasedCall),
    /// Somebody else runs it, or it waits again; the phase tells.
    NotNow,
}

/// A line of the inbox.
#[derive(Clone, Debug)]
pub struct HeldSummary {
    pub hold: HoldId,
    pub agent: String,
    pub upstream: String,
    pub tool: String,
    pub summary: String,
    pub opened_at: Timestamp,
    pub deadline: Timestamp,
    pub attended: bool,
}

/// Why a vote did not count. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum VoteError {
    #[error("there is no hold `{0}`; it may have ended a while ago, look in Activity")]
    Unknown(String),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error("the vote could not be recorded and does not count: {0}")]
    Journal(#[from] JournalError),
}

impl VoteError {
    /// Stable, for the window.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            VoteError::Unknown(_) => "no_hold",
            VoteError::Flow(_) => "vote_refused",
            VoteError::Journal(_) => "journal",
        }
    }
}

/// A vote that counted, and where the hold stands now.
#[derive(Clone, Debug)]
pub struct VoteReceipt {
    pub hold: HoldId,
    pub card: Card,
    pub message: String,
}

struct Kept {
    held: HeldCall,
    /// As recorded: a change that could not be recorded is undone by replaying these.
    events: Vec<(Timestamp, Event)>,
    words: ToolWords,
    phase: watch::Sender<Phase>,
    ended_at: Option<Timestamp>,
}

#[derive(Default)]
struct Inner {
    holds: HashMap<HoldId, Kept>,
    /// Open holds only: the identical call joins instead of asking again.
    open: HashMap<CallDigest, HoldId>,
    rejections: HashMap<CallDigest, (Refusal, Timestamp)>,
}

/// See the module.
pub struct Desk {
    inner: Mutex<Inner>,
    journal: Arc<Journal>,
    clock: Clock,
    events: broadcast::Sender<DeskEvent>,
    timer: Notify,
}

impl Desk {
    /// Takes up the holds the journal still has open; nobody waits for them yet.
    pub(crate) fn open(
        journal: Arc<Journal>,
        clock: Clock,
        words: impl Fn(&policy::ToolCall) -> ToolWords,
    ) -> Result<Desk, JournalError> {
        let mut inner = Inner::default();
        for (opened, events) in journal.open_holds()? {
            let words = words(&opened.call);
            match HeldCall::replay(opened, &events) {
                Ok(held) => inner.keep(held, events, words),
                Err(error) => tracing::error!(%error, "a recorded hold does not replay and is left out"),
            }
        }
        Ok(Desk {
            inner: Mutex::new(inner),
            journal,
            clock,
            events: broadcast::channel(256).0,
            timer: Notify::new(),
        })
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

    /// A rejection that still answers this call.
    pub(crate) fn recent_rejection(&self, digest: &CallDigest) -> Option<Refusal> {
        let now = self.clock.now();
        self.lock()
            .rejections
            .get(digest)
            .filter(|(_, until)| now < *until)
            .map(|(refusal, _)| refusal.clone())
    }

    /// Joins the open hold of the identical call, if there is one.
    pub(crate) fn join(self: &Arc<Self>, digest: &CallDigest) -> Option<Ticket> {
        let inner = self.lock();
        let hold = inner.open.get(digest)?;
        let phase = inner.holds.get(hold)?.phase.subscribe();
        let ticket = Ticket::new(self, hold, phase);
        drop(inner);
        self.send(DeskEvent::HoldChanged { hold: ticket.hold().clone() });
        Some(ticket)
    }

    /// Keeps a new hold: recorded first, then shown. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be recorded (nothing is kept), or the agent has too many holds.
    pub(crate) fn attach(self: &Arc<Self>, held: HeldCall, words: ToolWords) -> Result<Ticket, AttachError> {
        let mut inner = self.lock();
        if let Some(hold) = inner.open.get(&held.digest())
            && let Some(kept) = inner.holds.get(hold)
        {
            return Ok(Ticket::new(self, hold, kept.phase.subscribe()));
        }
        let agent = &held.call().agent;
        if inner
            .open
            .values()
            .filter_map(|hold| inner.holds.get(hold))
            .filter(|kept| kept.held.call().agent == *agent)
            .count()
            >= HOLD_CAP
        {
            return Err(AttachError::TooMany);
        }
        self.journal.record(Entry::HoldOpened(held.opened().clone()))?;
        let hold = held.id().clone();
        inner.keep(held, Vec::new(), words);
        let phase = inner.holds.get(&hold).map(|kept| kept.phase.subscribe()).ok_or(AttachError::TooMany)?;
        drop(inner);
        self.timer.notify_one();
        self.send(DeskEvent::HoldOpened { hold: hold.clone() });
        Ok(Ticket::new(self, &hold, phase))
    }

    /// Open holds, the one that ends first on top.
    #[must_use]
    pub fn inbox(&self) -> Vec<HeldSummary> {
        let inner = self.lock();
        let mut rows: Vec<HeldSummary> = inner
            .holds
            .values()
            .filter(|kept| matches!(kept.held.state(), HoldState::Waiting))
            .map(|kept| {
                let call = kept.held.call();
                HeldSummary {
                    hold: kept.held.id().clone(),
                    agent: call.agent.to_string(),
                    upstream: call.upstream.to_string(),
                    tool: crate::visible::marked(call.tool.as_str()),
                    summary: card::summary(&call.arguments),
                    opened_at: kept.held.opened().at,
                    deadline: kept.held.deadline(),
                    attended: kept.phase.receiver_count() > 0,
                }
            })
            .collect();
        rows.sort_by(|a, b| (a.deadline, &a.hold).cmp(&(b.deadline, &b.hold)));
        rows
    }

    /// The card of a hold that is open, or ended within the last minute.
    #[must_use]
    pub fn card(&self, hold: &HoldId) -> Option<Card> {
        self.lock().holds.get(hold).map(Kept::card)
    }

    /// One person's vote, for exactly the call whose digest they were shown. Blocks on the disk.
    ///
    /// # Errors
    /// When it does not count; nothing changed then.
    pub fn vote(
        &self,
        hold: &HoldId,
        digest: CallDigest,
        choice: Choice,
        means: Means,
        by: &UserId,
    ) -> Result<VoteReceipt, VoteError> {
        let now = self.clock.now();
        let vote = Vote { by: by.clone(), choice, means, digest, at: now };
        let mut inner = self.lock();
        let kept = inner.holds.get_mut(hold).ok_or_else(|| VoteError::Unknown(hold.to_string()))?;
        let outcome = self.change(kept, Event::Voted(vote), now);
        let card = kept.card();
        let message = receipt_words(kept);
        self.settle(&mut inner, hold, now);
        drop(inner);
        outcome?;
        Ok(VoteReceipt { hold: hold.clone(), card, message })
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
                let refusal = Refusal::of(verdict).unwrap_or(Refusal::Withdrawn);
                if matches!(verdict, Verdict::Rejected { .. }) {
                    inner
                        .rejections
                        .insert(kept.held.digest(), (refusal.clone(), now.after(REJECTION_HOLDS)));
                }
                inner.open.remove(&kept.held.digest());
                kept.ended_at.get_or_insert(now);
                (Phase::Ended(refusal), DeskEvent::HoldEnded { hold: hold.clone() })
            }
        };
        kept.phase.send_replace(phase);
        self.timer.notify_one();
        self.send(event);
    }

    /// Takes the release of an approved hold, judged again by the set of this moment. Blocks on the disk.
    pub(crate) fn claim(
        &self,
        hold: &HoldId,
        judge: impl Fn(&HeldCall) -> Decision,
        release: ReleaseId,
    ) -> Claim {
        let now = self.clock.now();
        let mut inner = self.lock();
        let Some(kept) = inner.holds.get_mut(hold) else { return Claim::NotNow };
        if !matches!(kept.held.state(), HoldState::Approved { .. }) {
            return Claim::NotNow;
        }
        let decision = judge(&kept.held);
        if decision != *kept.held.decision()
            && let Err(error) = self.change(kept, Event::Rejudged(decision.clone()), now)
        {
            tracing::error!(%error, %hold, "a newer decision could not be recorded");
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

    /// The one run is over: everybody who waits reads this answer, and the next identical call is a new one.
    pub(crate) fn finish(&self, hold: &HoldId, reply: Arc<Reply>) {
        let now = self.clock.now();
        let mut inner = self.lock();
        if let Some(kept) = inner.holds.get_mut(hold) {
            kept.ended_at.get_or_insert(now);
            kept.phase.send_replace(Phase::Answered(reply));
            let digest = kept.held.digest();
            inner.open.remove(&digest);
        }
        drop(inner);
        self.send(DeskEvent::HoldEnded { hold: hold.clone() });
    }

    /// A newer set: every open hold is judged again with its frozen facts. Blocks on the disk.
    pub(crate) fn rejudge(&self, judge: impl Fn(&HeldCall) -> Decision) {
        self.change_all(|held| {
            let open = matches!(held.state(), HoldState::Waiting | HoldState::Approved { .. });
            open.then(|| judge(held)).filter(|decision| decision != held.decision()).map(Event::Rejudged)
        });
    }

    /// The agent, upstream or user behind some holds is gone. Blocks on the disk.
    pub(crate) fn withdraw(&self, why: &str, concerns: impl Fn(&HeldCall) -> bool) {
        self.change_all(|held| {
            let open = matches!(held.state(), HoldState::Waiting | HoldState::Approved { .. });
            (open && concerns(held)).then(|| Event::Withdrawn { why: why.to_owned() })
        });
    }

    /// Ends what is past its time and forgets what was shown long enough. Blocks on the disk.
    pub fn pass_deadlines(&self) {
        let now = self.clock.now();
        self.change_all(|held| match held.state() {
            HoldState::Waiting if held.deadline() <= now => Some(Event::DeadlinePassed),
            HoldState::Approved { .. } if held.deadline() <= now => Some(Event::CollectionPassed),
            _ => None,
        });
        let mut inner = self.lock();
        inner.holds.retain(|_, kept| kept.ended_at.is_none_or(|at| now < at.after(SHOWN_AFTER_END)));
        inner.rejections.retain(|_, (_, until)| now < *until);
    }

    fn change_all(&self, event_for: impl Fn(&HeldCall) -> Option<Event>) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let holds: Vec<HoldId> = inner.holds.keys().cloned().collect();
        for hold in holds {
            let Some(kept) = inner.holds.get_mut(&hold) else { continue };
            let Some(event) = event_for(&kept.held) else { continue };
            match self.change(kept, event, now) {
                Ok(()) => self.settle(&mut inner, &hold, now),
                Err(error) => tracing::error!(%error, %hold, "a change of a hold could not be made"),
            }
        }
    }

    /// Sleeps to the next deadline, at most a second while anything is kept, so that a moved clock or a
    /// machine that slept is noticed.
    pub(crate) async fn watch_deadlines(self: Arc<Self>) {
        loop {
            let anything = !self.lock().holds.is_empty();
            if anything {
                let now = self.clock.now();
                let next =
                    self.lock().holds.values().map(|kept| kept.held.deadline()).filter(|d| *d > now).min();
                let pause = next.map_or(Duration::from_secs(1), |d| now.until(d).min(Duration::from_secs(1)));
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.timer.notified() => {}
                }
                let desk = Arc::clone(&self);
                if let Err(error) = tokio::task::spawn_blocking(move || desk.pass_deadlines()).await {
                    tracing::error!(%error, "looking at deadlines failed");
                }
            } else {
                self.timer.notified().await;
            }
        }
    }
}

impl Inner {
    fn keep(&mut self, held: HeldCall, events: Vec<(Timestamp, Event)>, words: ToolWords) {
        let phase = match held.state() {
            HoldState::Approved { .. } => Phase::Claimable,
            _ => Phase::Waiting,
        };
        self.open.insert(held.digest(), held.id().clone());
        let kept = Kept { events, words, phase: watch::channel(phase).0, ended_at: None, held };
        self.holds.insert(kept.held.id().clone(), kept);
    }
}

impl Kept {
    fn card(&self) -> Card {
        Card::of(&self.held, &self.words, self.phase.receiver_count() > 0)
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

fn receipt_words(kept: &Kept) -> String {
    match kept.held.state() {
        HoldState::Waiting => "Your vote is recorded. The call waits for what is still required.".to_owned(),
        HoldState::Approved { .. } if kept.phase.receiver_count() == 0 => {
            "Approved. The agent is not waiting any more; the call runs when it asks again within 10 minutes."
                .to_owned()
        }
        HoldState::Approved { .. } | HoldState::Released { .. } => "Approved. The call goes now.".to_owned(),
        HoldState::Ended { verdict: Verdict::Rejected { .. }, .. } => {
            "Rejected. Nothing was sent.".to_owned()
        }
        HoldState::Ended { verdict, .. } => format!("This call is {}.", card::verdict_words(verdict)),
    }
}
