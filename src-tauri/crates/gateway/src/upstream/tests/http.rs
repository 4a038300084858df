//! Streamable HTTP upstreams on a port of this machine, well-behaved and not.

use super::{super::*, Releases, config, json};
use crate::{home::Transport, pipeline::StreamItem};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use policy::Value;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[derive(Clone, Debug)]
struct Heard {
    method: Method,
    headers: HeaderMap,
    message: Value,
}

impl Heard {
    fn is(&self, method: &str) -> bool {
        self.message.get("method").and_then(Value::as_text) == Some(method)
    }

    fn id(&self) -> String {
        self.message.get("id").unwrap().to_json()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

type Answering = Arc<dyn Fn(&Heard) -> Option<Response> + Send + Sync>;

#[derive(Clone)]
struct Server {
    heard: Arc<Mutex<Vec<Heard>>>,
    answering: Answering,
}

async fn answer(State(server): State<Server>, method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let message = if body.is_empty() { Value::Null } else { Value::parse(&body).unwrap() };
    let heard = Heard { method, headers, message };
    server.heard.lock().unwrap().push(heard.clone());
    if let Some(response) = (server.answering)(&heard) {
        return response;
    }
    let result = match heard.message.get("method").and_then(Value::as_text) {
        Some("initialize") => r#"{"protocolVersion":"2025-06-18","capabilities":{"tools":{}}}"#,
        Some("tools/list") => r#"{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}"#,
        Some(_) if heard.message.get("id").is_some() => r#"{"ok":1.0}"#,
        _ if heard.method == Method::GET => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
        _ => return StatusCode::ACCEPTED.into_response(),
    };
    let text = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, heard.id());
    ([("content-type", "application/json"), ("mcp-session-id", "theirs-1")], text).into_response()
}

struct Bench {
    session: UpstreamSession,
    standing: mpsc::Receiver<FromUpstream>,
    heard: Arc<Mutex<Vec<Heard>>>,
    releases: Releases,
}

async fn bench(answering: impl Fn(&Heard) -> Option<Response> + Send + Sync + 'static) -> Bench {
    let server = Server { heard: Arc::default(), answering: Arc::new(answering) };
    let heard = Arc::clone(&server.heard);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(server);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let (to_agent, standing) = mpsc::channel(64);
    let headers = [("Authorization".to_owned(), "Bearer upstreams-own".to_owned())].into();
    let session = UpstreamSession::open(
        &config(Transport::Http { url, headers }),
        &crate::secrets::Supply::default(),
        to_agent,
    )
    .await
    .unwrap();
    session.introduce().await.unwrap();
    Bench { session, standing, heard, releases: Releases::new() }
}

impl Bench {
    fn heard(&self, method: &str) -> Vec<Heard> {
        self.heard.lock().unwrap().iter().filter(|heard| heard.is(method)).cloned().collect()
    }

    async fn call(&self, route: CallRoute) -> Result<Reply, UpstreamError> {
        let call = self.releases.of(&self.session, "echo", "{}").await;
        self.session.forward(call, Along::default(), route).await
    }
}

fn events(text: String) -> Response {
    ([("content-type", "text/event-stream; charset=utf-8")], text).into_response()
}

fn ok() -> Reply {
    Reply::result(json(r#"{"ok":1.0}"#))
}

fn way() -> (CallRoute, mpsc::Receiver<StreamItem>) {
    let (stream, items) = mpsc::channel(64);
    (CallRoute::new(stream, CancellationToken::new(), 1.into()), items)
}

#[tokio::test]
async fn its_own_session_version_and_credentials_go_up_with_every_message() {
    let bench = bench(|_| None).await;
    assert_eq!(bench.call(CallRoute::nowhere()).await.unwrap(), ok());
    let first = &bench.heard("initialize")[0];
    assert_eq!((first.header("mcp-session-id"), first.header("mcp-protocol-version")), (None, None));
    let call = &bench.heard("tools/call")[0];
    assert_eq!(call.header("mcp-session-id"), Some("theirs-1"));
    assert_eq!(call.header("mcp-protocol-version"), Some("2025-06-18"));
    assert_eq!(call.header("authorization"), Some("Bearer upstreams-own"));
    assert_eq!(call.header("accept"), Some("application/json, text/event-stream"));
    let expected = format!(
        r#"{{"jsonrpc":"2.0","method":"tools/call","params":{{"name":"echo","arguments":{{}}}},"id":{}}}"#,
        call.id()
    );
    assert_eq!(call.message.to_json(), expected);
}

#[tokio::test]
async fn a_stream_brings_what_belongs_to_the_call_before_its_answer() {
    let bench = bench(|heard| {
        heard.is("tools/call").then(|| {
            let id = heard.id();
            events(format!(
                "id: 1\ndata:\n\n: hm\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{{\"n\":1.0}}}}\n\n\
                 data: {{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{{\"lie\":true}}}}\n\n\
                 data: {{\"jsonrpc\":\"2.0\",\"id\":{id},\ndata: \"result\":{{\"ok\":1.0}}}}\n\n\
                 data: {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"late\":true}}}}\n\n"
            ))
        })
    })
    .await;
    let (route, mut items) = way();
    assert_eq!(bench.call(route).await.unwrap(), ok());
    assert!(matches!(items.try_recv(), Ok(StreamItem::Opened)), "the agent gets a stream as well");
    let Ok(StreamItem::Message(message)) = items.try_recv() else { panic!("there before the answer") };
    assert_eq!(message.get("params").unwrap().to_json(), r#"{"n":1.0}"#);
    assert!(items.try_recv().is_err());
}

#[tokio::test]
async fn what_is_no_answer_is_an_error_that_says_so() {
    type Case = (fn(&Heard) -> Response, &'static str);
    let cases: [Case; 8] = [
        (|_| ([("content-type", "text/html")], "<html>").into_response(), "neither JSON nor an event stream"),
        (|_| ([("content-type", "application/json")], "<html>").into_response(), "not valid JSON"),
        (
            |_| {
                ([("content-type", "application/json")], r#"{"jsonrpc":"2.0","id":7777,"result":{}}"#)
                    .into_response()
            },
            "without an answer",
        ),
        (|_| events("data: nonsense\n\n".to_owned()), "not valid JSON"),
        (|_| events(": nothing\n\n".to_owned()), "stopped before it answered"),
        (|_| StatusCode::ACCEPTED.into_response(), "neither JSON nor an event stream"),
        (|_| (StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]).into_response(), "redirect"),
        (|_| StatusCode::UNAUTHORIZED.into_response(), "refused the credentials"),
    ];
    for (answering, expected) in cases {
        let bench = bench(move |heard| heard.is("tools/call").then(|| answering(heard))).await;
        let error = bench.call(CallRoute::nowhere()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error} / {expected}");
        assert_eq!(bench.heard("tools/call").len(), 1, "asked once");
        assert!(bench.session.request("ping", None, CallRoute::nowhere()).await.is_ok(), "{expected}");
    }
}

#[tokio::test]
async fn an_error_of_the_upstream_comes_through_whatever_its_http_status() {
    for status in [StatusCode::OK, StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR] {
        let bench = bench(move |heard| {
            heard.is("tools/call").then(|| {
                let text = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":-1.0}}}}"#, heard.id());
                (status, [("content-type", "application/json")], text).into_response()
            })
        })
        .await;
        let reply = bench.call(CallRoute::nowhere()).await.unwrap();
        assert_eq!(reply.outcome(), Err(&json(r#"{"code":-1.0}"#)));
    }
}

#[tokio::test]
async fn a_body_past_the_limit_is_not_kept() {
    let bench = bench(|heard| {
        heard.is("tools/call").then(|| {
            let chunks = futures_util::stream::repeat_with(|| {
                Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1 << 20]))
            });
            let text = Body::from_stream(chunks);
            ([("content-type", "application/json")], text).into_response()
        })
    })
    .await;
    let error = bench.call(CallRoute::nowhere()).await.unwrap_err();
    assert!(matches!(error, UpstreamError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_lost_session_is_opened_anew_by_the_next_request_and_the_lost_one_is_not_sent_again() {
    let bench = bench({
        let lost = Mutex::new(true);
        move |heard| {
            let now = heard.is("tools/call") && std::mem::take(&mut *lost.lock().unwrap());
            now.then(|| StatusCode::NOT_FOUND.into_response())
        }
    })
    .await;
    let error = bench.call(CallRoute::nowhere()).await.unwrap_err();
    assert!(matches!(error, UpstreamError::SessionLost { .. }), "{error}");
    assert!(!bench.session.is_alive());
    assert_eq!(bench.call(CallRoute::nowhere()).await.unwrap(), ok());
    assert_eq!(bench.heard("initialize").len(), 2);
    assert_eq!(bench.heard("tools/call").len(), 2);
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_unreachable_and_nothing_was_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp?key=secret", listener.local_addr().unwrap());
    drop(listener);
    let (to_agent, _standing) = mpsc::channel(1);
    let transport = Transport::Http { url, headers: [].into() };
    let session = UpstreamSession::open(&config(transport), &crate::secrets::Supply::default(), to_agent)
        .await
        .unwrap();
    let error = session.request("ping", None, CallRoute::nowhere()).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Unreachable { .. }) && !error.was_sent(), "{error}");
    assert!(!error.to_string().contains("secret"), "I8: {error}");
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_taken_up_where_it_stopped() {
    let bench = bench(|heard| {
        if heard.is("tools/call") {
            return Some(events("id: a-1\nretry: 50\ndata:\n\n".to_owned()));
        }
        let resumed = heard.method == Method::GET && heard.header("last-event-id") == Some("a-1");
        resumed.then(|| events("data: {\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"ok\":1.0}}\n\n".to_owned()))
    })
    .await;
    // introduce, tools/list, tools/call: the third id.
    assert_eq!(bench.call(CallRoute::nowhere()).await.unwrap(), ok());
    assert_eq!(bench.heard("tools/call").len(), 1);
}

#[tokio::test]
async fn the_get_stream_brings_what_belongs_to_no_request() {
    let mut bench = bench(|heard| {
        (heard.method == Method::GET).then(|| {
            let text = "data: {\"jsonrpc\":\"2.0\",\"id\":\"q\",\"method\":\"roots/list\"}\n\n";
            let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(text))]);
            let endless = futures_util::StreamExt::chain(chunks, futures_util::stream::pending());
            ([("content-type", "text/event-stream")], Body::from_stream(endless)).into_response()
        })
    })
    .await;
    let asked = bench.standing.recv().await.unwrap().into_message();
    assert_eq!(asked.get("method"), Some(&"roots/list".into()));
    let ours = asked.get("id").unwrap().clone();
    let answer = crate::message::Response::result(ours, json(r#"{"roots":[]}"#));
    bench.session.answer(answer).await.unwrap();
    let heard = bench.heard.lock().unwrap().last().unwrap().clone();
    assert_eq!(heard.message.to_json(), r#"{"jsonrpc":"2.0","id":"q","result":{"roots":[]}}"#);
}

#[tokio::test]
async fn closing_a_session_ends_it_at_the_upstream() {
    let bench = bench(|_| None).await;
    bench.session.clone().close().await;
    let last = bench.heard.lock().unwrap().last().unwrap().clone();
    assert_eq!((last.method.clone(), last.header("mcp-session-id")), (Method::DELETE, Some("theirs-1")));
}

#[tokio::test]
async fn an_upstream_that_hangs_is_given_up_and_told_so() {
    let bench = bench(|heard| {
        let endless = || Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        heard.is("tools/list").then(|| ([("content-type", "text/event-stream")], endless()).into_response())
    })
    .await;
    let session = bench.session.clone();
    let listing = tokio::spawn(async move { session.tools(false).await });
    while bench.heard("tools/list").is_empty() {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    let error = listing.await.unwrap().unwrap_err();
    assert!(matches!(error, UpstreamError::Slow { seconds: 30, .. }), "{error}");
    tokio::time::resume();
    let cancelled = bench.heard("notifications/cancelled");
    assert_eq!(cancelled.len(), 1);
    assert_eq!(
        cancelled[0].message.get("params").unwrap().get("requestId").unwrap().to_json(),
        bench.heard("tools/list")[0].id()
    );
}
