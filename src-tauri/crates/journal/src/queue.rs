//! Written behind: what is recorded of calls that no policy holds waits here, and one thread writes it in batches.
//!
//! INVARIANT(I3): nothing held waits here; a held call's release is written by its own `commit`, after everything that
//! was queued before it. A killed process loses at most what is queued: allowed releases (their calls are then not
//! on record) and completions (their calls then show as unknown), never one without those before it. Once the queue
//! is full a caller waits, then its call is refused.

use crate::chain::About;
use crate::release::{self, Completion, ReleasedBody};
use crate::write::{Draft, Pen};
use crate::{Journal, JournalError};
use approvals::ReleaseId;
use policy::{Timestamp, Value};
use serde::Serialize;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Entries that may wait.
pub(crate) const MOST: usize = 2_048;
/// Of arguments that wait, about.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// A caller waits this long for room.
const PATIENCE: Duration = Duration::from_secs(2);
/// A batch gathers for this long, so that one transaction serves many calls.
const GATHER: Duration = Duration::from_millis(4);
/// After a failure it is tried again this often.
const AGAIN: Duration = Duration::from_millis(500);
/// The newest entry is anchored this often, and so soon after the release of a held call.
const ANCHOR: Duration = Duration::from_secs(5);
const SOON: Duration = Duration::from_secs(1);
/// A batch has no more, so that room is made soon.
const BATCH: usize = 512;

/// One entry that waits, with the time at which it happened.
pub(crate) struct Pending {
    pub(crate) at: Timestamp,
    what: What,
    weight: usize,
}

enum What {
    Released(Box<ReleasedBody>),
    Completed { release: ReleaseId, outcome: Completion },
}

/// Why the last thing could not be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Full,
    NotWritable,
    Other,
}

#[derive(Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Pending>,
    weight: usize,
    /// Taken to be written, not written yet.
    in_flight: usize,
    /// Released by this process; true once its completion is queued.
    running: HashMap<ReleaseId, bool>,
    trouble: Option<Trouble>,
    /// The thread waits for work, and not for a batch to gather.
    is_idle: bool,
    /// A held call was released since the newest entry was anchored.
    is_urgent: bool,
    is_closing: bool,
    patience: Option<Duration>,
}

#[derive(Serialize)]
struct LostBody<'a> {
    why: &'a str,
}

impl Pending {
    pub(crate) fn released(body: ReleasedBody, at: Timestamp) -> Pending {
        let weight = body.allowed.as_ref().map_or(0, |allowed| weight(&allowed.call.arguments));
        Pending { at, what: What::Released(Box::new(body)), weight }
    }

    fn release(&self) -> &ReleaseId {
        match &self.what {
            What::Released(body) => &body.release,
            What::Completed { release, .. } => release,
        }
    }

    pub(crate) fn write(&self, draft: &mut Draft<'_>) -> Result<(), JournalError> {
        match &self.what {
            What::Released(body) => release::release_allowed(draft, body),
            What::Completed { release, outcome } => release::complete(draft, release, outcome),
        }
    }

    /// It cannot be written for what it is: that much is on record then.
    pub(crate) fn lost(&self, draft: &mut Draft<'_>, error: &JournalError) -> Result<(), JournalError> {
        draft.now = self.at;
        let why = error.to_string();
        draft.append("not_recorded", About::default(), &LostBody { why: &why }).map(drop)
    }
}

/// About how many bytes a value takes.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 8,
        Value::Number(number) => 16 + number.as_str().len(),
        Value::Text(text) => 16 + text.len(),
        Value::List(items) => 16 + items.iter().map(weight).sum::<usize>(),
        Value::Map(map) => 16 + map.iter().map(|(key, value)| key.len() + weight(value)).sum::<usize>(),
    }
}

impl Queue {
    fn has_room(&self) -> bool {
        self.waiting.len() + self.in_flight < MOST && self.weight < MOST_BYTES
    }

    fn push(&mut self, pending: Pending) {
        self.weight += pending.weight;
        self.waiting.push_back(pending);
    }
}

impl Pen {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues the release of a call that no policy holds.
    pub(crate) fn push_release(&self, body: ReleasedBody) -> Result<(), JournalError> {
        let release = body.release.clone();
        let pending = Pending::released(body, (self.now)());
        let mut queue = self.queue();
        // Room is waited for only while it can come.
        let mut patience = queue.patience.unwrap_or(PATIENCE);
        while !queue.has_room() {
            if let Some(trouble) = queue.trouble {
                return Err(trouble.error());
            }
            if patience.is_zero() {
                return Err(JournalError::Behind);
            }
            let started = Instant::now();
            let waited = self.stirred.wait_timeout(queue, patience).unwrap_or_else(PoisonError::into_inner);
            queue = waited.0;
            patience = patience.saturating_sub(started.elapsed());
        }
        if queue.running.contains_key(&release) {
            return Err(JournalError::AlreadyReleased(release));
        }
        queue.running.insert(release, false);
        queue.push(pending);
        self.wake(queue);
        Ok(())
    }

    /// Queues how a release of this process ended; false where none such runs.
    pub(crate) fn push_completion(
        &self,
        release: &ReleaseId,
        outcome: &Completion,
    ) -> Result<bool, JournalError> {
        let at = (self.now)();
        let mut queue = self.queue();
        match queue.running.get_mut(release) {
            None => return Ok(false),
            Some(true) => return Err(JournalError::AlreadyCompleted(release.clone())),
            Some(completed) => *completed = true,
        }
        // Never refused for want of room: there are no more of these than releases that had some.
        let what = What::Completed { release: release.clone(), outcome: outcome.clone() };
        queue.push(Pending { at, what, weight: 0 });
        self.wake(queue);
        Ok(true)
    }

    /// A held release was written by its `commit`; its completion may be queued.
    pub(crate) fn note_running(&self, release: &ReleaseId) {
        let mut queue = self.queue();
        queue.running.insert(release.clone(), false);
        let is_news = !std::mem::replace(&mut queue.is_urgent, true);
        drop(queue);
        // A thread that knows already is not woken: that costs the release more than writing it does.
        if is_news {
            self.stirred.notify_all();
        }
    }

    fn wake(&self, queue: MutexGuard<'_, Queue>) {
        let idle = queue.is_idle || queue.waiting.len() >= BATCH;
        drop(queue);
        if idle {
            self.stirred.notify_all();
        }
    }

    /// What waits, for a caller that has the writer.
    pub(crate) fn take_batch(&self) -> Vec<Pending> {
        let mut queue = self.queue();
        let count = queue.waiting.len().min(BATCH);
        let batch: Vec<Pending> = queue.waiting.drain(..count).collect();
        queue.in_flight = batch.len();
        batch
    }

    pub(crate) fn written(&self, batch: &[Pending]) {
        let mut queue = self.queue();
        queue.in_flight = queue.in_flight.saturating_sub(batch.len());
        for pending in batch {
            queue.weight = queue.weight.saturating_sub(pending.weight);
            if matches!(pending.what, What::Completed { .. }) {
                queue.running.remove(pending.release());
            }
        }
        drop(queue);
        self.stirred.notify_all();
        self.note_trouble(None);
    }

    /// Whether what is to be written is written; told where that is news.
    pub(crate) fn note_trouble(&self, trouble: Option<Trouble>) {
        let before = std::mem::replace(&mut self.queue().trouble, trouble);
        if before != trouble {
            self.tell_trouble();
        }
    }

    pub(crate) fn put_back(&self, batch: Vec<Pending>, error: &JournalError) {
        let mut queue = self.queue();
        queue.in_flight = 0;
        for pending in batch.into_iter().rev() {
            queue.waiting.push_front(pending);
        }
        let trouble = Some(Trouble::of(error));
        let before = std::mem::replace(&mut queue.trouble, trouble);
        drop(queue);
        self.stirred.notify_all();
        if before != trouble {
            self.tell_trouble();
        }
    }

    fn tell_trouble(&self) {
        if let Some(hear) = self.hearer.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            hear();
        }
    }

    /// The thread's work.
    fn write_behind(&self) {
        let (mut anchor, mut anchored) = (None, Instant::now());
        loop {
            let has_keeper = self.has_keeper();
            let is_urgent = self.queue().is_urgent && has_keeper;
            let pause = if is_urgent { SOON } else { ANCHOR };
            if has_keeper && anchored.elapsed() >= pause {
                self.queue().is_urgent = false;
                self.anchor(&mut anchor);
                anchored = Instant::now();
                continue;
            }
            let mut queue = self.queue();
            queue.is_idle = true;
            if queue.waiting.is_empty() && !queue.is_closing {
                let nothing = |queue: &mut Queue| {
                    queue.waiting.is_empty()
                        && !queue.is_closing
                        && (queue.is_urgent && has_keeper) == is_urgent
                };
                let waited = self.stirred.wait_timeout_while(queue, pause, nothing);
                queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            queue.is_idle = false;
            if queue.waiting.is_empty() {
                if queue.is_closing {
                    drop(queue);
                    return self.anchor(&mut anchor);
                }
                continue;
            }
            let pause = if queue.trouble.is_some() { AGAIN } else { GATHER };
            // What failed is not tried again at once, however much waits.
            let gathers = |queue: &mut Queue| {
                (queue.trouble.is_some() || queue.waiting.len() < BATCH) && !queue.is_closing
            };
            let gathered = self.stirred.wait_timeout_while(queue, pause, gathers);
            let is_closing = gathered.unwrap_or_else(PoisonError::into_inner).0.is_closing;
            if self.settle().is_err() && is_closing {
                return;
            }
        }
    }

    /// Writes what waits, if anything does.
    pub(crate) fn settle(&self) -> Result<(), JournalError> {
        let queue = self.queue();
        if queue.waiting.is_empty() && queue.in_flight == 0 {
            return Ok(());
        }
        drop(queue);
        match self.writer().as_mut() {
            Some(writer) => self.write_queued(writer),
            None => Ok(()),
        }
    }
}

/// The thread that writes behind; ends with the journal, once everything is written or cannot be.
pub(crate) struct Behind {
    pen: Arc<Pen>,
    thread: Option<JoinHandle<()>>,
}

impl Behind {
    pub(crate) fn start(pen: &Arc<Pen>) -> std::io::Result<Behind> {
        let its = Arc::clone(pen);
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || its.write_behind())?;
        Ok(Behind { pen: Arc::clone(pen), thread: Some(thread) })
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.pen.queue().is_closing = true;
        self.pen.stirred.notify_all();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Trouble {
    /// What keeps everything from being written; none where it is of what was to be recorded.
    pub(crate) fn of_the_file(error: &JournalError) -> Option<Trouble> {
        match error {
            JournalError::Full => Some(Trouble::Full),
            JournalError::NotWritable => Some(Trouble::NotWritable),
            JournalError::Disk(_)
            | JournalError::Busy
            | JournalError::Damaged(_)
            | JournalError::Database(_) => Some(Trouble::Other),
            _ => None,
        }
    }

    fn of(error: &JournalError) -> Trouble {
        match error {
            JournalError::Full => Trouble::Full,
            JournalError::NotWritable => Trouble::NotWritable,
            _ => Trouble::Other,
        }
    }

    fn error(self) -> JournalError {
        match self {
            Trouble::Full => JournalError::Full,
            Trouble::NotWritable => JournalError::NotWritable,
            Trouble::Other => JournalError::Behind,
        }
    }
}

impl Journal {
    /// Writes what waits to be written; for an orderly end, and whenever somebody must know.
    ///
    /// # Errors
    /// Why it could not be written; it waits on.
    pub fn settle(&self) -> Result<(), JournalError> {
        self.pen.settle()
    }

    /// Why what was last to be written could not be; none where it was. What waits is tried again by itself.
    #[must_use]
    pub fn trouble(&self) -> Option<JournalError> {
        self.pen.queue().trouble.map(Trouble::error)
    }

    /// From now on `hear` is called when [`Journal::trouble`] begins, changes and ends. It must not write.
    pub fn hear_trouble(&self, hear: impl Fn() + Send + Sync + 'static) {
        *self.pen.hearer.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hear));
    }

    /// Entries that are not in the file yet.
    #[must_use]
    pub fn queued(&self) -> usize {
        let queue = self.pen.queue();
        queue.waiting.len() + queue.in_flight
    }

    /// How long a caller waits for room in the queue, instead of two seconds.
    #[doc(hidden)]
    pub fn wait_for_room(&self, patience: Duration) {
        self.pen.queue().patience = Some(patience);
    }
}
