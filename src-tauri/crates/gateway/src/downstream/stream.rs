//! How an answer reaches the agent: as plain JSON if it is there at once, else as an event stream that opens
//! with the first thing to say, or when the answer takes a while, and shows life every ten seconds.
//!
//! Agents give up on silent headers and on silent streams; some count only progress, some only bytes. A held
//! call's progress grows in tiny steps, so that the upstream's own, which may begin low, still grows after it.

use super::{event_log::EventLog, exchange::Begun, refuse::json};
use crate::{message::Notification, pipeline::StreamItem, slip::Slip};
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use policy::Value;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout},
};

/// How often a stream shows life.
pub(super) const BEAT: Duration = Duration::from_secs(10);
/// An agent that reads nothing for so long is gone.
pub(super) const UNREAD_LIMIT: Duration = Duration::from_secs(60);
/// An answer that takes longer comes as a stream: agents wait a minute at most for headers.
const PLAIN_LIMIT: Duration = Duration::from_secs(5);
/// How long an answer is waited for that nobody may come for any more.
const ABANDONED_LIMIT: Duration = Duration::from_secs(60 * 60);

/// The answer, the status it has as plain JSON, and the slip to hand in where it is written.
pub(super) struct Last {
    pub(super) answer: Value,
    pub(super) status: StatusCode,
    pub(super) slip: Option<Slip>,
}

/// Answers with what the work gives; with nothing when it gives none, which is how a cancelled request ends.
/// `log` makes the stream's log, should there be one.
pub(super) async fn answer(mut begun: Begun, log: impl FnOnce() -> Arc<EventLog>) -> Response {
    let mut first = None;
    let mut answered = None;
    tokio::select! {
        biased;
        item = begun.items.recv() => first = item,
        last = &mut begun.work => answered = Some(last),
        () = sleep(PLAIN_LIMIT) => {}
    }
    if first.is_none() && answered.is_none() && begun.items.is_closed() {
        // Nobody is left who could say anything before the answer.
        answered = Some((&mut begun.work).await);
    }
    if first.is_none() && answered.is_some() {
        first = begun.items.try_recv().ok();
    }
    if first.is_none()
        && let Some(last) = answered
    {
        begun.left.disarm();
        return plain(last);
    }
    let log = log();
    let response = log.read_from(0);
    tokio::spawn(write(log, begun, first, answered));
    response
}

fn plain(last: Option<Last>) -> Response {
    let Some(Last { answer, status, slip }) = last else { return StatusCode::ACCEPTED.into_response() };
    if let Some(slip) = slip {
        slip.written();
    }
    json(status, &answer)
}

/// Until the answer is in the log. When the agent goes away first, the work is told, and goes on by itself.
async fn write(log: Arc<EventLog>, begun: Begun, first: Option<StreamItem>, answered: Option<Option<Last>>) {
    let Begun { mut work, mut items, token, left, .. } = begun;
    let mut life = Life::new(token);
    let mut left = Some(left);
    let mut beat = beat();
    if let Some(item) = first {
        take(&log, &mut life, item).await;
    }
    let last = match answered {
        Some(last) => last,
        None => loop {
            tokio::select! {
                biased;
                () = log.abandoned(), if left.is_some() => {
                    left = None;
                    if !log.is_resumable() {
                        return;
                    }
                }
                Some(item) = items.recv() => {
                    take(&log, &mut life, item).await;
                    beat.reset();
                }
                last = &mut work => break last,
                _ = beat.tick() => {
                    if let Some(progress) = life.progress() {
                        log.push(&progress, None).await;
                    }
                }
                () = sleep(ABANDONED_LIMIT), if left.is_none() => return,
            }
        },
    };
    while let Ok(item) = items.try_recv() {
        take(&log, &mut life, item).await;
    }
    if let Some(Last { answer, slip, .. }) = last {
        log.push(&answer, slip).await;
    }
    log.end();
    if let Some(left) = left {
        left.disarm();
    }
}

async fn take(log: &EventLog, life: &mut Life, item: StreamItem) {
    if let StreamItem::Paused { retry } = &item {
        log.pause(*retry);
    }
    if let Some(message) = life.item(item) {
        log.push(&message, None).await;
    }
}

/// What is said while a call waits: progress where the agent asked for it, until the upstream counts by itself.
pub(super) struct Life {
    token: Option<Value>,
    /// What the agent is told while its call is held, or runs after that.
    held: Option<String>,
    beats: u32,
}

impl Life {
    pub(super) fn new(token: Option<Value>) -> Life {
        Life { token, held: None, beats: 0 }
    }

    /// What there is to say about an item.
    pub(super) fn item(&mut self, item: StreamItem) -> Option<Value> {
        match item {
            StreamItem::Held { message } | StreamItem::Running { message } => {
                self.held = Some(message);
                self.progress()
            }
            StreamItem::Message(message) => {
                // The upstream counts now, and counting goes one way only.
                if message.get("method").and_then(Value::as_text) == Some("notifications/progress") {
                    self.held = None;
                }
                Some(message)
            }
            StreamItem::Opened | StreamItem::Paused { .. } => None,
        }
    }

    /// The next step of a held call's progress.
    pub(super) fn progress(&mut self) -> Option<Value> {
        let (message, token) = (self.held.as_ref()?, self.token.as_ref()?);
        self.beats = self.beats.saturating_add(1);
        let progress = Value::parse(format!("0.{:06}", self.beats).as_bytes()).unwrap_or_else(|_| 0.into());
        let params = Value::object([
            ("progressToken", token.clone()),
            ("progress", progress),
            ("message", message.as_str().into()),
        ]);
        Some(Notification::new("notifications/progress", Some(params)).into_value())
    }
}

/// The sending half of a standing stream.
pub(super) struct Events(mpsc::Sender<Bytes>);

/// A standing stream, its headers ready to go.
pub(super) fn open() -> (Events, Response) {
    let (sender, receiver) = mpsc::channel::<Bytes>(8);
    let chunks = futures_util::stream::unfold(receiver, |mut receiver| async move {
        let chunk = receiver.recv().await?;
        Some((Ok::<_, Infallible>(chunk), receiver))
    });
    (Events(sender), event_stream(Body::from_stream(chunks)))
}

pub(super) fn event_stream(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The agent is gone.
pub(super) struct Gone;

impl Events {
    pub(super) async fn message(&self, message: &Value) -> Result<(), Gone> {
        // JSON text has no line breaks, so one `data` line holds it.
        self.send(format!("event: message\ndata: {}\n\n", message.to_json())).await
    }

    /// Shows life to whoever counts bytes.
    pub(super) async fn comment(&self) -> Result<(), Gone> {
        self.send(": still here\n\n".to_owned()).await
    }

    /// Room for one more; a message is taken from where it waits only when it can go.
    pub(super) async fn ready(&self) -> Result<(), Gone> {
        self.0.reserve().await.map(drop).map_err(|_| Gone)
    }

    pub(super) async fn closed(&self) {
        self.0.closed().await;
    }

    async fn send(&self, text: String) -> Result<(), Gone> {
        match timeout(UNREAD_LIMIT, self.0.send(text.into())).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}

/// The beat of a stream; the first one comes after a whole pause.
pub(super) fn beat() -> Interval {
    let mut beat = interval_at(Instant::now() + BEAT, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
