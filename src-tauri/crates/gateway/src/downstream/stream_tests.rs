//! The clock stands still and is moved by waiting for it: beats and limits are exact.

use super::*;
use crate::downstream::event_log::SILENCE;
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
    call_with(token, EventLog::new(None))
}

fn call_with(token: Option<Value>, log: Arc<EventLog>) -> Call {
    let (done, answered) = oneshot::channel();
    let (items, receiver) = mpsc::channel(8);
    let left = CancellationToken::new();
    let begun = Begun {
        work: Box::pin(async move { answered.await.unwrap_or(None) }),
        items: receiver,
        token,
        left: left.clone().drop_guard(),
        passed: CancellationToken::new(),
    };
    let response = tokio::spawn(async move { answer(begun, || log).await });
    Call { done: Some(done), items, left, response }
}

impl Call {
    fn settle(&mut self, answer: &str) {
        let answer = Value::parse(answer.as_bytes()).unwrap();
        assert!(
            self.done.take().unwrap().send(Some(Last { answer, status: StatusCode::OK, slip: None })).is_ok()
        );
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
    let message = Value::parse(br#"{"method":"notifications/progress","params":{"progress":0.1}}"#).unwrap();
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
    // One comment finds room, the next one waits.
    assert_eq!(began.elapsed(), SILENCE * 2 + UNREAD_LIMIT);
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

fn data(events: &str) -> Vec<&str> {
    events.lines().filter_map(|line| line.strip_prefix("data: ")).collect()
}

#[tokio::test(start_paused = true)]
async fn an_agent_comes_back_to_its_stream_and_gets_what_it_missed() {
    let log = EventLog::new(Some(7));
    let mut call = call_with(None, Arc::clone(&log));
    let message = |n: i64| StreamItem::Message(Value::object([("n", n.into())]));
    call.items.send(message(1)).await.unwrap();
    let mut reader = Reader((&mut call.response).await.unwrap().into_body().into_data_stream());
    assert_eq!(reader.next().await.unwrap(), "id: 7-0\nretry: 1000\ndata: \n\n");
    assert_eq!(reader.next().await.unwrap(), "id: 7-1\nevent: message\ndata: {\"n\":1}\n\n");
    drop(reader);
    call.left.cancelled().await;
    call.items.send(message(2)).await.unwrap();
    call.settle(r#"{"id":1}"#);
    let body = log.read_from(1).into_body();
    let body = axum::body::to_bytes(body, 10_000).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(data(&text), [r#"{"n":2}"#, r#"{"id":1}"#]);
    assert!(text.starts_with("id: 7-2\n"), "{text}");
    assert!(log.is_over());
}

#[tokio::test(start_paused = true)]
async fn where_the_upstream_pauses_the_stream_ends_and_its_agent_does_not_count_as_gone() {
    let log = EventLog::new(Some(1));
    let mut call = call_with(None, Arc::clone(&log));
    call.items.send(StreamItem::Opened).await.unwrap();
    call.items.send(StreamItem::Paused { retry: Duration::from_millis(250) }).await.unwrap();
    let response = (&mut call.response).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.starts_with("id: 1-0\n") && text.contains("retry: 250"), "{text}");
    assert!(!call.left.is_cancelled());
    call.settle(r#"{"id":1}"#);
    let body = axum::body::to_bytes(log.read_from(0).into_body(), 10_000).await.unwrap();
    assert!(String::from_utf8(body.to_vec()).unwrap().contains(r#"{"id":1}"#));
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_up_a_stream_ends_the_connection_that_carried_it() {
    let log = EventLog::new(Some(1));
    let first = log.read_from(0);
    let second = log.read_from(0);
    log.push(&Value::from("x"), None).await;
    log.end();
    let read = async |response: Response| {
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    };
    assert_eq!(data(&read(second).await), ["", "\"x\""]);
    assert!(!read(first).await.contains("\"x\""));
}
