//! How an answer reaches the agent: as plain JSON if it is there at once, else as an event stream that opens
//! with the first thing to say, or when the answer takes a while, and shows life every ten seconds.
//!
//! Agents give up on silent headers and on silent streams; some count only progress, some only bytes. A held
//! call's progress grows in tiny steps, so that the upstream's own, which may begin low, still grows after it.

use super::refuse::json;
use crate::{message::Notification, pipeline::StreamItem, slip::Slip};
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use policy::Value;
use std::{convert::Infallible, future::Future, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout},
};
use tokio_util::sync::DropGuard;

/// How often a stream shows life.
const BEAT: Duration = Duration::from_secs(10);
/// An agent that reads nothing for so long is gone.
const UNREAD_LIMIT: Duration = Duration::from_secs(60);
/// An answer that takes longer comes as a stream: agents wait a minute at most for headers.
const PLAIN_LIMIT: Duration = Duration::from_secs(5);

/// The answer, and the slip to hand in where it is written.
pub(super) struct Last {
    pub(super) answer: Value,
    pub(super) slip: Option<Slip>,
}

/// Answers with what `work` gives; with nothing when it gives none, which is how a cancelled request ends.
/// `left` tells the work when the agent goes away first.
pub(super) async fn answer<F>(
    mut work: F,
    mut items: mpsc::Receiver<StreamItem>,
    token: Option<Value>,
    left: DropGuard,
) -> Response
where
    F: Future<Output = Option<Last>> + Send + Unpin + 'static,
{
    let mut first = None;
    let mut answered = None;
    tokio::select! {
        biased;
        item = items.recv() => first = item,
        answer = &mut work => answered = Some(answer),
        () = sleep(PLAIN_LIMIT) => {}
    }
    if first.is_none() && answered.is_none() && items.is_closed() {
        // Nobody is left who could say anything before the answer.
        answered = Some(work.await);
        return plain(answered.flatten(), left);
    }
    if first.is_none() && answered.is_some() {
        first = items.try_recv().ok();
        if first.is_none() {
            return plain(answered.flatten(), left);
        }
    }
    let (events, response) = open();
    let writer = Writer { events, token, held: None, beats: 0 };
    tokio::spawn(async move {
        match answered {
            Some(answer) => writer.run(std::future::ready(answer), items, first, left).await,
            None => writer.run(work, items, first, left).await,
        }
    });
    response
}

fn plain(last: Option<Last>, left: DropGuard) -> Response {
    left.disarm();
    match last {
        Some(Last { answer, slip }) => {
            hand_in(slip);
            json(StatusCode::OK, &answer)
        }
        None => StatusCode::ACCEPTED.into_response(),
    }
}

fn hand_in(slip: Option<Slip>) {
    if let Some(slip) = slip {
        slip.written();
    }
}

/// The sending half of an event stream.
pub(super) struct Events(mpsc::Sender<Chunk>);

/// What is written at once.
struct Chunk {
    bytes: Bytes,
    slip: Option<Slip>,
}

/// An event stream, its headers ready to go.
pub(super) fn open() -> (Events, Response) {
    let (sender, receiver) = mpsc::channel::<Chunk>(8);
    let chunks = futures_util::stream::unfold(receiver, |mut receiver| async move {
        let Chunk { bytes, slip } = receiver.recv().await?;
        // The connection takes this chunk now: whoever reads it finds its outcome marked as read.
        hand_in(slip);
        Some((Ok::<_, Infallible>(bytes), receiver))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (Events(sender), response)
}

/// The agent is gone.
pub(super) struct Gone;

impl Events {
    pub(super) async fn message(&self, message: &Value) -> Result<(), Gone> {
        self.send(event(message), None).await
    }

    async fn last(&self, last: Last) -> Result<(), Gone> {
        self.send(event(&last.answer), last.slip).await
    }

    /// Shows life to whoever counts bytes.
    pub(super) async fn comment(&self) -> Result<(), Gone> {
        self.send(": still here\n\n".to_owned(), None).await
    }

    /// Room for one more; a message is taken from where it waits only when it can go.
    pub(super) async fn ready(&self) -> Result<(), Gone> {
        self.0.reserve().await.map(drop).map_err(|_| Gone)
    }

    pub(super) async fn closed(&self) {
        self.0.closed().await;
    }

    async fn send(&self, text: String, slip: Option<Slip>) -> Result<(), Gone> {
        match timeout(UNREAD_LIMIT, self.0.send(Chunk { bytes: text.into(), slip })).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}

/// JSON text has no line breaks, so one `data` line holds it.
fn event(message: &Value) -> String {
    format!("event: message\ndata: {}\n\n", message.to_json())
}

/// The beat of a stream; the first one comes after a whole pause.
pub(super) fn beat() -> Interval {
    let mut beat = interval_at(Instant::now() + BEAT, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}

struct Writer {
    events: Events,
    token: Option<Value>,
    /// What the agent is told while its call is held.
    held: Option<String>,
    beats: u32,
}

impl Writer {
    /// Until the answer is written, or the agent is gone: then `left` goes, and the work goes on by itself.
    async fn run<F>(
        mut self,
        work: F,
        items: mpsc::Receiver<StreamItem>,
        first: Option<StreamItem>,
        left: DropGuard,
    ) where
        F: Future<Output = Option<Last>> + Send + Unpin,
    {
        if self.write(work, items, first).await.is_ok() {
            left.disarm();
        }
    }

    async fn write<F>(
        &mut self,
        mut work: F,
        mut items: mpsc::Receiver<StreamItem>,
        first: Option<StreamItem>,
    ) -> Result<(), Gone>
    where
        F: Future<Output = Option<Last>> + Send + Unpin,
    {
        if let Some(item) = first {
            self.item(item).await?;
        }
        let mut beat = beat();
        loop {
            tokio::select! {
                biased;
                () = self.events.closed() => return Err(Gone),
                Some(item) = items.recv() => {
                    self.item(item).await?;
                    beat.reset();
                }
                answer = &mut work => {
                    while let Ok(item) = items.try_recv() {
                        self.item(item).await?;
                    }
                    return match answer {
                        Some(last) => self.events.last(last).await,
                        None => Ok(()),
                    };
                }
                _ = beat.tick() => self.show_life().await?,
            }
        }
    }

    async fn item(&mut self, item: StreamItem) -> Result<(), Gone> {
        match item {
            StreamItem::Held { message } | StreamItem::Running { message } => {
                self.held = Some(message);
                self.show_life().await
            }
            StreamItem::Message(message) => {
                // The upstream counts now, and counting goes one way only.
                if message.get("method").and_then(Value::as_text) == Some("notifications/progress") {
                    self.held = None;
                }
                self.events.message(&message).await
            }
            StreamItem::Opened | StreamItem::Paused { .. } => Ok(()),
        }
    }

    async fn show_life(&mut self) -> Result<(), Gone> {
        let (Some(message), Some(token)) = (&self.held, &self.token) else {
            return self.events.comment().await;
        };
        self.beats = self.beats.saturating_add(1);
        let progress = Value::parse(format!("0.{:06}", self.beats).as_bytes()).unwrap_or_else(|_| 0.into());
        let params = Value::object([
            ("progressToken", token.clone()),
            ("progress", progress),
            ("message", message.as_str().into()),
        ]);
        self.events.message(&Notification::new("notifications/progress", Some(params)).into_value()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use tokio::sync::oneshot;
    use tokio_util::sync::CancellationToken;

    struct Call {
        done: Option<oneshot::Sender<Option<Last>>>,
        items: mpsc::Sender<StreamItem>,
        left: CancellationToken,
        response: tokio::task::JoinHandle<Response>,
    }

    fn call(token: Option<Value>) -> Call {
        let (done, answered) = oneshot::channel();
        let (items, receiver) = mpsc::channel(8);
        let left = CancellationToken::new();
        let guard = left.clone().drop_guard();
        let work = Box::pin(async move { answered.await.unwrap_or(None) });
        let response = tokio::spawn(answer(work, receiver, token, guard));
        Call { done: Some(done), items, left, response }
    }

    impl Call {
        fn settle(&mut self, answer: &str) {
            let answer = Value::parse(answer.as_bytes()).unwrap();
            assert!(self.done.take().unwrap().send(Some(Last { answer, slip: None })).is_ok());
        }

        async fn hold(&self) {
            self.items.send(StreamItem::Held { message: "waiting".to_owned() }).await.unwrap();
        }
    }

    struct Reader(axum::body::BodyDataStream);

    impl Reader {
        async fn next(&mut self) -> Option<String> {
            let chunk = self.0.next().await?.unwrap();
            Some(String::from_utf8(chunk.to_vec()).unwrap())
        }
    }

    fn progress(event: &str) -> String {
        let data = event.strip_prefix("event: message\ndata: ").unwrap().trim_end();
        let message = Value::parse(data.as_bytes()).unwrap();
        let params = message.get("params").unwrap();
        assert_eq!(params.get("progressToken"), Some(&Value::from("t")));
        assert_eq!(params.get("message"), Some(&Value::from("waiting")));
        params.get("progress").unwrap().to_json()
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_there_at_once_is_plain_json() {
        let mut call = call(None);
        call.settle(r#"{"id":1,"result":{"n":1.0}}"#);
        let response = (&mut call.response).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(body, r#"{"id":1,"result":{"n":1.0}}"#);
        assert!(!call.left.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_held_call_gets_progress_at_once_and_every_ten_seconds() {
        let mut call = call(Some("t".into()));
        call.hold().await;
        let began = Instant::now();
        let response = (&mut call.response).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut reader = Reader(response.into_body().into_data_stream());
        assert_eq!(progress(&reader.next().await.unwrap()), "0.000001");
        assert_eq!(began.elapsed(), Duration::ZERO);
        for beat in 2..5_u32 {
            assert_eq!(progress(&reader.next().await.unwrap()), format!("0.00000{beat}"));
            assert_eq!(began.elapsed(), BEAT * (beat - 1));
        }
        call.settle(r#"{"id":1}"#);
        assert_eq!(reader.next().await.unwrap(), "event: message\ndata: {\"id\":1}\n\n");
        assert_eq!(reader.next().await, None);
        assert!(!call.left.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_progress_token_a_held_call_gets_comments() {
        let mut call = call(None);
        call.hold().await;
        let mut reader = Reader((&mut call.response).await.unwrap().into_body().into_data_stream());
        for _ in 0..3 {
            assert!(reader.next().await.unwrap().starts_with(": "));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_opens_the_stream_before_agents_give_up() {
        let mut call = call(Some("t".into()));
        let began = Instant::now();
        let mut reader = Reader((&mut call.response).await.unwrap().into_body().into_data_stream());
        assert_eq!(began.elapsed(), PLAIN_LIMIT);
        assert!(reader.next().await.unwrap().starts_with(": "), "nothing is held, so nothing progresses");
        call.settle("{}");
        assert!(reader.next().await.unwrap().contains("data: {}"));
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_upstreams_own_progress_ours_stops() {
        let mut call = call(Some("t".into()));
        call.hold().await;
        let message =
            Value::parse(br#"{"method":"notifications/progress","params":{"progress":0.1}}"#).unwrap();
        call.items.send(StreamItem::Message(message)).await.unwrap();
        let mut reader = Reader((&mut call.response).await.unwrap().into_body().into_data_stream());
        assert_eq!(progress(&reader.next().await.unwrap()), "0.000001");
        assert!(reader.next().await.unwrap().contains("0.1"));
        assert!(reader.next().await.unwrap().starts_with(": "));
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_was_said_before_the_answer_is_written_before_it() {
        let mut call = call(None);
        for n in 0..3 {
            let message = Value::object([("n", i64::from(n).into())]);
            call.items.send(StreamItem::Message(message)).await.unwrap();
        }
        call.settle(r#"{"id":1}"#);
        let response = (&mut call.response).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let data: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        assert_eq!(data, [r#"{"n":0}"#, r#"{"n":1}"#, r#"{"n":2}"#, r#"{"id":1}"#]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_stops_reading_is_gone_after_a_minute_without_a_byte() {
        let mut call = call(None);
        call.hold().await;
        let began = Instant::now();
        let _unread = (&mut call.response).await.unwrap();
        call.left.cancelled().await;
        let room = 8;
        assert_eq!(began.elapsed(), BEAT * room + UNREAD_LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_leaves_is_noticed_and_the_work_is_not_dropped() {
        let mut call = call(None);
        call.hold().await;
        let response = (&mut call.response).await.unwrap();
        drop(response);
        call.left.cancelled().await;
        assert!(call.items.is_closed());
    }
}
