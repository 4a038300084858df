//! One event stream of an agent, kept apart from the connection that carries it: what is said goes into the log,
//! and whoever reads the log gets it, also after a connection broke off, where the protocol lets agents come back
//! for the rest (2025-11-25, "Resumability and Redelivery").
//!
//! A log without a reader is abandoned; what that means for the request behind it, its writer decides.

use super::stream::{BEAT, UNREAD_LIMIT, event_stream};
use crate::slip::Slip;
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use policy::Value;
use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};

/// Most bytes that wait for a reader; what says more than that waits itself.
const MAX_WAITING: usize = 4 * 1024 * 1024;
/// Most bytes kept for a reader that may come back.
const MAX_KEPT: usize = 8 * 1024 * 1024;
/// A stream that is silent for so long shows life; a writer with something to say at every beat comes first.
pub(super) const SILENCE: Duration = BEAT.saturating_add(Duration::from_millis(500));
/// After how long an agent comes back to a stream that ended early, if nobody says.
const RETRY: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct EventLog {
    /// The stream's number in its session; only a stream that has one can be taken up again.
    number: Option<u64>,
    inner: Mutex<Inner>,
    /// Grows with every change.
    version: watch::Sender<u64>,
}

#[derive(Default)]
struct Inner {
    events: VecDeque<Event>,
    /// Number of the newest event; events count from 1.
    last: u64,
    read_up_to: u64,
    bytes: usize,
    /// Nothing will follow.
    ended: bool,
    /// The reader of this moment; another one makes it stop.
    turn: u64,
    readers: usize,
    /// Readers that have seen this many pauses stop.
    pauses: u64,
    retry: Option<Duration>,
}

struct Event {
    number: u64,
    text: String,
    slip: Option<Slip>,
}

/// What is written at once.
struct Chunk {
    bytes: Bytes,
    slip: Option<Slip>,
}

/// What a reader does next.
enum Next {
    Event(u64, String, Option<Slip>),
    Nothing,
    End,
    /// The stream ends early; the agent comes back.
    Pause(Duration),
}

impl EventLog {
    pub(super) fn new(number: Option<u64>) -> Arc<EventLog> {
        Arc::new(EventLog { number, inner: Mutex::default(), version: watch::channel(0).0 })
    }

    pub(super) fn is_resumable(&self) -> bool {
        self.number.is_some()
    }

    /// Adds a message; waits while a reader has too much before it. The slip goes to whoever reads the message.
    pub(super) async fn push(&self, message: &Value, slip: Option<Slip>) {
        let mut changes = self.version.subscribe();
        let has_room = async {
            while !self.lock().has_room() {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        // A reader that takes nothing for so long is gone; its connection will say so.
        let _ = timeout(UNREAD_LIMIT, has_room).await;
        let mut inner = self.lock();
        inner.last += 1;
        let (number, text) = (inner.last, message.to_json());
        inner.bytes += text.len();
        inner.events.push_back(Event { number, text, slip });
        inner.trim(self.is_resumable());
        drop(inner);
        self.changed();
    }

    /// Nothing follows.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed();
    }

    /// Ends the connection of this moment; the agent comes back for the rest after `retry`.
    pub(super) fn pause(&self, retry: Duration) {
        if !self.is_resumable() {
            return;
        }
        let mut inner = self.lock();
        inner.pauses += 1;
        inner.retry = Some(retry);
        drop(inner);
        self.changed();
    }

    /// Until there is no reader, for another reason than a pause.
    pub(super) async fn abandoned(&self) {
        let mut changes = self.version.subscribe();
        loop {
            {
                let inner = self.lock();
                if inner.readers == 0 && inner.turn > 0 && inner.retry.is_none() {
                    return;
                }
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Whether everything was read, or nobody can come back for it.
    pub(super) fn is_over(&self) -> bool {
        let inner = self.lock();
        inner.ended && inner.read_up_to >= inner.last
    }

    /// A connection that carries the log from the event after this one; whoever carried it before stops.
    pub(super) fn read_from(self: &Arc<Self>, after: u64) -> Response {
        let (chunks, receiver) = mpsc::channel::<Chunk>(1);
        let reader = Reader::new(self, after);
        tokio::spawn(reader.run(chunks));
        let body = futures_util::stream::unfold(receiver, |mut receiver| async move {
            let Chunk { bytes, slip } = receiver.recv().await?;
            // The connection takes this chunk now: whoever reads it finds its outcome marked as read.
            if let Some(slip) = slip {
                slip.written();
            }
            Some((Ok::<_, Infallible>(bytes), receiver))
        });
        event_stream(Body::from_stream(body))
    }

    fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn has_room(&self) -> bool {
        self.readers == 0 || self.waiting_bytes() < MAX_WAITING
    }

    fn waiting_bytes(&self) -> usize {
        let waiting = self.events.iter().filter(|event| event.number > self.read_up_to);
        waiting.map(|event| event.text.len()).sum()
    }

    /// Drops what nobody can ask for any more; the newest event always stays.
    fn trim(&mut self, is_resumable: bool) {
        while let Some(oldest) = self.events.front() {
            let is_read = oldest.number <= self.read_up_to;
            let is_spare = (is_read && !is_resumable) || self.bytes > MAX_KEPT;
            if !is_spare || self.events.len() == 1 {
                return;
            }
            self.bytes = self.bytes.saturating_sub(oldest.text.len());
            self.events.pop_front();
        }
    }

    fn next(&mut self, after: u64, turn: u64, pauses: u64) -> Next {
        if self.turn != turn {
            return Next::End;
        }
        if let Some(event) = self.events.iter_mut().find(|event| event.number > after) {
            let next = Next::Event(event.number, event.text.clone(), event.slip.take());
            return next;
        }
        match (self.ended, self.retry) {
            (true, _) => Next::End,
            (false, Some(retry)) if self.pauses > pauses => Next::Pause(retry),
            (false, _) => Next::Nothing,
        }
    }
}

/// One connection's place at the log; dropping it leaves the place.
struct Reader {
    log: Arc<EventLog>,
    after: u64,
    turn: u64,
    pauses: u64,
}

impl Reader {
    fn new(log: &Arc<EventLog>, after: u64) -> Reader {
        let mut inner = log.lock();
        inner.turn += 1;
        inner.readers += 1;
        inner.retry = None;
        let (turn, pauses) = (inner.turn, inner.pauses);
        drop(inner);
        log.changed();
        Reader { log: Arc::clone(log), after, turn, pauses }
    }

    /// Until the log ends, or the connection does.
    async fn run(mut self, chunks: mpsc::Sender<Chunk>) {
        let mut changes = self.log.version.subscribe();
        let send = async |text: String, slip| {
            let sent = timeout(UNREAD_LIMIT, chunks.send(Chunk { bytes: text.into(), slip })).await;
            matches!(sent, Ok(Ok(())))
        };
        if let (Some(stream), 0) = (self.log.number, self.after)
            && !send(format!("id: {stream}-0\nretry: {}\ndata: \n\n", RETRY.as_millis()), None).await
        {
            return;
        }
        loop {
            let next = self.log.lock().next(self.after, self.turn, self.pauses);
            let is_there = match next {
                Next::Event(number, text, slip) => {
                    let id = self.log.number.map(|stream| format!("id: {stream}-{number}\n"));
                    let text = format!("{}event: message\ndata: {text}\n\n", id.unwrap_or_default());
                    let is_there = send(text, slip).await;
                    if is_there {
                        self.has_read(number);
                    }
                    is_there
                }
                Next::Nothing => tokio::select! {
                    changed = changes.changed() => changed.is_ok(),
                    () = chunks.closed() => false,
                    () = sleep(SILENCE) => send(": still here\n\n".to_owned(), None).await,
                },
                Next::Pause(retry) => {
                    let _ = send(format!("retry: {}\n\n", retry.as_millis()), None).await;
                    false
                }
                Next::End => false,
            };
            if !is_there {
                return;
            }
        }
    }

    fn has_read(&mut self, number: u64) {
        self.after = number;
        let mut inner = self.log.lock();
        inner.read_up_to = inner.read_up_to.max(number);
        inner.trim(self.log.is_resumable());
        drop(inner);
        self.log.changed();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.log.lock().readers -= 1;
        self.log.changed();
    }
}
