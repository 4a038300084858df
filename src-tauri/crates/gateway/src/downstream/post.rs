//! One message from an agent: told apart, given to its session, answered.

use super::{
    body, call, guard,
    peer::Connected,
    refuse::{Refused, json},
    session::AgentSession,
    stream,
};
use crate::{
    engine::Engine,
    home::{Agent, UpstreamConfig},
    message::{Message, Notification, Request, Response as Answer, TOOLS_CALL, code},
    pipeline,
    upstream::{CallRoute, UpstreamError, UpstreamSession},
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use policy::Value;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How many messages for the agent may wait on one answer's stream.
const STREAM_ROOM: usize = 64;
/// How many may wait for the standing stream.
const STANDING_ROOM: usize = 4096;
/// Claimed names are shown to people; this much of one is enough.
const MAX_CLAIMED: usize = 100;

/// Who sends, to which upstream, over which connection.
pub(super) struct From<'a> {
    pub(super) engine: &'a Arc<Engine>,
    pub(super) agent: Agent,
    pub(super) upstream: UpstreamConfig,
    pub(super) connected: Connected,
}

/// POST: the one way in for messages.
pub(super) async fn take(from: From<'_>, headers: &HeaderMap, body: Body) -> Result<Response, Refused> {
    guard::check_post_types(headers)?;
    match body::read(body).await? {
        Message::Request(request) if request.method == "initialize" => initialize(&from, &request).await,
        Message::Request(request) => {
            refuse_modern(headers, &request)?;
            let session = session(&from, headers).map_err(|refused| refused.to(&request.id))?;
            self::request(from, session, request).await
        }
        Message::Notification(notification) => {
            if notification.method == TOOLS_CALL {
                let message = "`tools/call` needs an `id`: nothing runs without an answer";
                return Err(Refused::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, message));
            }
            notify(&from, &*session(&from, headers)?, notification).await;
            Ok(StatusCode::ACCEPTED.into_response())
        }
        Message::Response(answer) => {
            let session = session(&from, headers)?;
            let sent = session.up.answer(answer).await;
            note(&from, sent);
            Ok(StatusCode::ACCEPTED.into_response())
        }
    }
}

/// The session that the headers name, if it is this agent's.
pub(super) fn session_of(
    engine: &Engine,
    agent: &Agent,
    upstream: &str,
    headers: &HeaderMap,
) -> Result<Arc<AgentSession>, Refused> {
    let Some(id) = guard::session_id(headers) else {
        let message = "the header `Mcp-Session-Id` is missing: send `initialize` first";
        return Err(Refused::new(StatusCode::BAD_REQUEST, code::NO_SESSION, message));
    };
    engine.sessions().find(id, &agent.name, upstream).ok_or_else(|| {
        let message = "there is no such session: send `initialize` to open one";
        Refused::new(StatusCode::NOT_FOUND, code::NO_SESSION, message)
    })
}

fn session(from: &From<'_>, headers: &HeaderMap) -> Result<Arc<AgentSession>, Refused> {
    let session = session_of(from.engine, &from.agent, from.upstream.name.as_str(), headers)?;
    guard::check_version(headers, session.version.as_deref())?;
    Ok(session)
}

/// Agents of the stateless era ask first whether it is spoken here, and take "not found" for a no.
fn refuse_modern(headers: &HeaderMap, request: &Request) -> Result<(), Refused> {
    let meta = request.params().and_then(|params| params.get("_meta"));
    let names_version =
        meta.is_some_and(|meta| meta.get("io.modelcontextprotocol/protocolVersion").is_some());
    if request.method != "server/discover" && !names_version && !guard::is_modern(headers) {
        return Ok(());
    }
    let message =
        format!("sessions are needed here: send `initialize` with one of {}", guard::VERSIONS.join(", "));
    Err(Refused::new(StatusCode::NOT_FOUND, code::METHOD_NOT_FOUND, message).to(&request.id))
}

/// Opens a session: the agent's `initialize` goes up as it is, and so does the answer come down.
async fn initialize(from: &From<'_>, request: &Request) -> Result<Response, Refused> {
    let _place = from.engine.sessions().place().await;
    let (to_agent, standing) = mpsc::channel(STANDING_ROOM);
    let opened = match UpstreamSession::open(&from.upstream, to_agent).await {
        Ok(up) => {
            let answer = up.ask(request.clone(), CallRoute::nowhere()).await;
            answer.map(|answer| (up, answer))
        }
        Err(error) => Err(error),
    };
    let (up, answer) = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(json(StatusCode::OK, &failed(from, &request.id, &error))),
    };
    let is_open = answer.clone().outcome().is_ok();
    let mut response = json(StatusCode::OK, &answer.with_id(request.id.clone()).into());
    if is_open {
        let up = (from.upstream.name.clone(), up);
        let session = AgentSession::new(from.agent.name.clone(), up, standing, claimed_client(request));
        let id = from.engine.sessions().insert(session);
        let Some(id) = id.and_then(|id| HeaderValue::try_from(id).ok()) else {
            let message = "too many sessions of this agent are open: end some with DELETE";
            return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, code::BUSY, message).to(&request.id));
        };
        response.headers_mut().insert("mcp-session-id", id);
    }
    Ok(response)
}

/// `clientInfo` as one line; what the agent says of itself is not believed, only shown.
fn claimed_client(initialize: &Request) -> Option<String> {
    let info = initialize.params()?.get("clientInfo")?;
    let part = |key| info.get(key).and_then(Value::as_text);
    let claimed = match (part("name")?, part("version")) {
        (name, Some(version)) => format!("{name} {version}"),
        (name, None) => name.to_owned(),
    };
    Some(claimed.chars().take(MAX_CLAIMED).collect())
}

/// Runs in a task of its own: an agent that goes away does not stop what is under way.
async fn request(from: From<'_>, session: Arc<AgentSession>, request: Request) -> Result<Response, Refused> {
    let named = if request.method == TOOLS_CALL { Some(call::read(&request)?) } else { None };
    let (stream, items) = mpsc::channel(STREAM_ROOM);
    // The agent's own cancel goes up with a forwarded call; its going away only ends the wait of a held one.
    let cancelled = CancellationToken::new();
    let left = cancelled.child_token();
    let Some(turn) = session.start(&request.id, cancelled.clone(), stream.clone()) else {
        let message = "too many requests of this session are open: wait for some to end";
        return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, code::BUSY, message).to(&request.id));
    };
    let token = request.progress_token().cloned();
    let route = CallRoute::new(stream.clone(), cancelled.clone(), request.id.clone());
    let id = request.id.clone();
    let gone = left.clone().drop_guard();
    let From { engine, agent, upstream, connected } = from;
    let tasks = engine.tasks().clone();
    let engine = Arc::clone(engine);
    let work = tasks.spawn(async move {
        let _turn = turn;
        let id = request.id.clone();
        let (answer, slip) = match named {
            Some(named) => {
                let incoming =
                    call::incoming(agent, upstream, &session, named, &connected, route, left).await;
                let answered = pipeline::handle(&engine, incoming, stream).await;
                (answered.reply.into_response(id).into(), answered.slip)
            }
            None => match session.up.ask(request, route).await {
                Ok(answer) => (answer.with_id(id).into(), None),
                Err(error) => {
                    engine.note_upstream_error(&upstream.name, &error.to_string());
                    (Answer::error(id, code::UPSTREAM, &error.for_agent()).into(), None)
                }
            },
        };
        (!cancelled.is_cancelled()).then_some(stream::Last { answer, slip })
    });
    let work = Box::pin(async move {
        work.await.unwrap_or_else(|_| {
            let message = "Doorward failed on this request; its log says more";
            Some(stream::Last { answer: Answer::error(id, code::UPSTREAM, message).into(), slip: None })
        })
    });
    Ok(stream::answer(work, items, token, gone).await)
}

async fn notify(from: &From<'_>, session: &AgentSession, notification: Notification) {
    if notification.method == "notifications/cancelled" {
        return session.cancel(notification).await;
    }
    let sent = session.up.tell(notification).await;
    note(from, sent);
}

fn note(from: &From<'_>, sent: Result<(), UpstreamError>) {
    if let Err(error) = sent {
        from.engine.note_upstream_error(&from.upstream.name, &error.to_string());
    }
}

fn failed(from: &From<'_>, id: &Value, error: &UpstreamError) -> Value {
    from.engine.note_upstream_error(&from.upstream.name, &error.to_string());
    Answer::error(id.clone(), code::UPSTREAM, &error.for_agent()).into()
}
