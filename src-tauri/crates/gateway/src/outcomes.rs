//! What became of held calls, for the agent that comes back with the identical call.
//!
//! An outcome that was written to nobody is given once, within ten minutes; a rejection answers every identical
//! call for five. Bounded in entries and in bytes: what falls out is an answer's text, and then it is said so.

use crate::retry_key::RetryKey;
use crate::upstream::Reply;
use approvals::{Event, HeldCall, HoldId, HoldState, Refusal};
use journal::{Completion, EndedHold, Journal, JournalError};
use policy::{CallDigest, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long an outcome waits for its agent.
const COME_BACK_WITHIN: Duration = Duration::from_secs(10 * 60);
/// A rejection answers the identical call for this long, so that a person is not asked again at once.
const REJECTION_HOLDS: Duration = Duration::from_secs(5 * 60);
/// All unread answers together; the newest are kept.
const MEMORY: u64 = 64 * 1024 * 1024;
/// Most outcomes that are kept, and most runs that are remembered.
const MOST: usize = 10_000;
/// How long the last run of a call is told on the card of the next.
const RUNS_REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// How a held call came out.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It ran once: the upstream's answer.
    Answered(Arc<Reply>),
    /// It ran once, and its answer is not here any more.
    AnswerLost,
    /// It may have run.
    Unknown,
    /// It was released, but did not reach the tool; why, in constant words.
    Failed(String),
    Refused(Refusal),
}

impl Outcome {
    /// Whether it stands even where the call would go without anybody's approval by now.
    pub(crate) fn is_of_a_run(&self) -> bool {
        !matches!(self, Outcome::Refused(_))
    }

    fn is_rejection(&self) -> bool {
        matches!(self, Outcome::Refused(Refusal::Rejected { .. }))
    }
}

/// An outcome as somebody who comes back finds it.
pub(crate) struct Found {
    pub(crate) hold: HoldId,
    pub(crate) outcome: Outcome,
    pub(crate) read: Arc<AtomicBool>,
}

struct Kept {
    hold: HoldId,
    outcome: Outcome,
    at: Timestamp,
    /// Of an answer.
    bytes: u64,
    read: Arc<AtomicBool>,
}

impl Kept {
    fn speaks(&self, now: Timestamp) -> bool {
        let age = self.at.until(now);
        let is_unread = !self.read.load(Ordering::Acquire);
        (is_unread && age < COME_BACK_WITHIN) || (self.outcome.is_rejection() && age < REJECTION_HOLDS)
    }
}

/// By call: the newest outcome of each.
#[derive(Default)]
pub(crate) struct Outcomes {
    kept: HashMap<RetryKey, Kept>,
    bytes: u64,
}

impl Outcomes {
    /// Keeps an outcome as of `at`; `bytes` is the size of an answer.
    pub(crate) fn put(&mut self, call: RetryKey, found: Found, bytes: u64, at: Timestamp) {
        let Found { hold, outcome, read } = found;
        self.remove(&call);
        if self.kept.len() >= MOST
            && let Some(oldest) = self.oldest(|_| true)
        {
            self.remove(&oldest);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.kept.insert(call, Kept { hold, outcome, at, bytes, read });
        while self.bytes > MEMORY
            && let Some(oldest) = self.oldest(|kept| kept.bytes > 0)
        {
            self.lose_answer(&oldest);
        }
    }

    /// What the agent of this call has to hear.
    pub(crate) fn find(&self, call: &RetryKey, now: Timestamp) -> Option<Found> {
        let kept = self.kept.get(call).filter(|kept| kept.speaks(now))?;
        let (hold, outcome, read) = (kept.hold.clone(), kept.outcome.clone(), Arc::clone(&kept.read));
        Some(Found { hold, outcome, read })
    }

    /// Forgets what nobody will be told any more.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        let mut freed = 0_u64;
        self.kept.retain(|_, kept| {
            let speaks = kept.speaks(now);
            if !speaks {
                freed = freed.saturating_add(kept.bytes);
            }
            speaks
        });
        self.bytes = self.bytes.saturating_sub(freed);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn oldest(&self, is_meant: impl Fn(&Kept) -> bool) -> Option<RetryKey> {
        let meant = self.kept.iter().filter(|(_, kept)| is_meant(kept));
        meant.min_by_key(|(_, kept)| kept.at).map(|(call, _)| call.clone())
    }

    fn remove(&mut self, call: &RetryKey) {
        if let Some(kept) = self.kept.remove(call) {
            self.bytes = self.bytes.saturating_sub(kept.bytes);
        }
    }

    fn lose_answer(&mut self, call: &RetryKey) {
        if let Some(kept) = self.kept.get_mut(call) {
            self.bytes = self.bytes.saturating_sub(kept.bytes);
            kept.bytes = 0;
            kept.outcome = Outcome::AnswerLost;
        }
    }
}

/// After a start: what the last run of the gateway left unread, and which calls ran lately.
pub(crate) fn remember(
    journal: &Journal,
    now: Timestamp,
    outcomes: &mut Outcomes,
    runs: &mut Runs,
) -> Result<(), JournalError> {
    let before =
        |length: Duration| Timestamp(now.0.saturating_sub(i64::try_from(length.as_millis()).unwrap_or(0)));
    for ended in journal.ended_holds(before(RUNS_REMEMBERED))? {
        let EndedHold { course: (opened, events), digest, at, completion, is_read } = ended;
        let (call, hold) = (digest, opened.id.clone());
        let key = RetryKey::of(digest, &opened.facts.agent);
        let claimed = events.iter().find(|(_, event)| matches!(event, Event::Claimed { .. }));
        if let Some((released_at, _)) = claimed
            && !matches!(completion, Some(Completion::Failed { .. } | Completion::Refused { .. }))
        {
            runs.note(call, *released_at);
        }
        let outcome = match completion {
            Some(Completion::Answered { .. }) => Outcome::AnswerLost,
            Some(Completion::Unknown) => Outcome::Unknown,
            Some(Completion::Failed { .. }) => {
                Outcome::Failed("its upstream could not be reached; the call was not sent".to_owned())
            }
            Some(Completion::Refused { refusal }) => Outcome::Refused(refusal),
            // Every release has a completion by now: the journal's start sees to it.
            None if claimed.is_some() => Outcome::Unknown,
            None => match HeldCall::replay(opened, &events).map(|held| held.state().clone()) {
                Ok(HoldState::Ended { verdict, .. }) => match Refusal::of(&verdict) {
                    Some(refusal) => Outcome::Refused(refusal),
                    None => continue,
                },
                _ => continue,
            },
        };
        outcomes.put(key, Found { hold, outcome, read: Arc::new(AtomicBool::new(is_read)) }, 0, at);
    }
    outcomes.sweep(now);
    for (call, at) in journal.allowed_runs(before(RUNS_REMEMBERED), MOST)? {
        runs.note(call, at);
    }
    Ok(())
}

/// When calls last ran, for the card of the next identical one.
#[derive(Default)]
pub(crate) struct Runs(HashMap<CallDigest, Timestamp>);

impl Runs {
    pub(crate) fn note(&mut self, call: CallDigest, at: Timestamp) {
        if self.0.len() >= MOST && !self.0.contains_key(&call) {
            self.0.retain(|_, ran| ran.until(at) < RUNS_REMEMBERED);
        }
        if self.0.len() < MOST || self.0.contains_key(&call) {
            let last = self.0.entry(call).or_insert(at);
            *last = at.max(*last);
        }
    }

    /// The last one within the hour before `now`.
    pub(crate) fn last(&self, call: &CallDigest, now: Timestamp) -> Option<Timestamp> {
        self.0.get(call).copied().filter(|ran| *ran <= now && ran.until(now) < RUNS_REMEMBERED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::Value;

    const MINUTE: i64 = 60_000;

    fn digest(number: u8) -> CallDigest {
        CallDigest([number; 32])
    }

    fn key(call: CallDigest) -> RetryKey {
        let (program, process, claimed_client) = (None, None, None);
        let (name, paired_programs) = ("coder".to_owned(), Vec::new());
        RetryKey::of(call, &policy::AgentFacts { name, program, process, claimed_client, paired_programs })
    }

    fn call(number: u8) -> RetryKey {
        key(digest(number))
    }

    fn found(outcome: Outcome) -> Found {
        Found { hold: HoldId::from_random([1; 16]), outcome, read: Arc::default() }
    }

    fn answer() -> Outcome {
        Outcome::Answered(Arc::new(Reply::result(Value::from("done"))))
    }

    #[test]
    fn an_unread_outcome_is_found_for_ten_minutes_and_until_it_is_read() {
        let mut outcomes = Outcomes::default();
        outcomes.put(call(1), found(answer()), 6, Timestamp(0));
        outcomes.put(call(2), found(Outcome::Refused(Refusal::Expired)), 0, Timestamp(0));
        for number in [1, 2] {
            assert!(outcomes.find(&call(number), Timestamp(10 * MINUTE - 1)).is_some());
            assert!(outcomes.find(&call(number), Timestamp(10 * MINUTE)).is_none());
        }
        let once = outcomes.find(&call(1), Timestamp(MINUTE)).unwrap();
        assert!(outcomes.find(&call(1), Timestamp(MINUTE)).is_some(), "taken, but not read yet");
        once.read.store(true, Ordering::Release);
        assert!(outcomes.find(&call(1), Timestamp(MINUTE)).is_none());
        outcomes.sweep(Timestamp(MINUTE));
        assert_eq!((outcomes.kept.len(), outcomes.bytes), (1, 0));
        outcomes.sweep(Timestamp(10 * MINUTE));
        assert!(outcomes.is_empty());
    }

    #[test]
    fn a_rejection_answers_for_five_minutes_read_or_not_and_once_until_ten() {
        let mut outcomes = Outcomes::default();
        outcomes.put(call(1), found(Outcome::Refused(Refusal::Rejected { reason: None })), 0, Timestamp(0));
        let rejected = outcomes.find(&call(1), Timestamp(6 * MINUTE)).expect("unread, so within ten minutes");
        rejected.read.store(true, Ordering::Release);
        assert!(outcomes.find(&call(1), Timestamp(5 * MINUTE - 1)).is_some(), "every identical call");
        assert!(outcomes.find(&call(1), Timestamp(5 * MINUTE)).is_none());
    }

    #[test]
    fn answers_beyond_the_memory_are_lost_oldest_first_and_it_is_said() {
        let mut outcomes = Outcomes::default();
        for number in 0..4 {
            outcomes.put(call(number), found(answer()), MEMORY / 2, Timestamp(i64::from(number)));
        }
        assert_eq!(outcomes.bytes, MEMORY);
        let is_here = |outcomes: &Outcomes, number| {
            matches!(outcomes.find(&call(number), Timestamp(9)).unwrap().outcome, Outcome::Answered(_))
        };
        assert_eq!([0, 1, 2, 3].map(|number| is_here(&outcomes, number)), [false, false, true, true]);
        outcomes.put(call(5), found(answer()), MEMORY + 1, Timestamp(5));
        assert_eq!(outcomes.bytes, 0, "one that is too large by itself is not kept either");
        assert!(!is_here(&outcomes, 5));
    }

    #[test]
    fn the_number_of_outcomes_is_bounded() {
        let mut outcomes = Outcomes::default();
        for number in 0..=u16::try_from(MOST).unwrap() {
            let mut bytes = [0; 32];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            outcomes.put(key(CallDigest(bytes)), found(Outcome::Unknown), 0, Timestamp(i64::from(number)));
        }
        assert_eq!(outcomes.kept.len(), MOST);
        assert!(outcomes.find(&call(0), Timestamp(0)).is_none(), "the oldest made room");
    }

    #[test]
    fn a_run_is_remembered_for_an_hour() {
        let mut runs = Runs::default();
        runs.note(digest(1), Timestamp(0));
        assert_eq!(runs.last(&digest(1), Timestamp(40_000)), Some(Timestamp(0)));
        assert_eq!(runs.last(&digest(1), Timestamp(60 * MINUTE)), None);
        assert_eq!(runs.last(&digest(2), Timestamp(1)), None);
    }
}
