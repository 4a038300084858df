//! One request of an agent, whatever it came in on: given to its session, judged where it is a call, answered.
//!
//! The work runs in a task of its own, so that an agent that goes away does not stop what is under way. What a
//! request means is the same on every way in; how its answer is written is not decided here.

use super::{
    call,
    peer::Connected,
    refuse::Refused,
    session::{AgentSession, Declared},
    stream::Last,
};
use crate::{
    engine::Engine,
    home::{Agent, UpstreamConfig},
    listing,
    message::{META_CAPABILITIES, META_VERSION, Message, Notification, Request, Response, TOOLS_CALL, code},
    pipeline::{self, StreamItem},
    upstream::{CallRoute, UpstreamError, UpstreamSession},
    waits::Era,
};
use axum::http::StatusCode;
use policy::{Map, Value};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How many messages for the agent may wait on one answer's stream.
const STREAM_ROOM: usize = 64;
/// How many may wait for the standing stream.
const STANDING_ROOM: usize = 4096;
/// How long an upstream may take to say whether it speaks the stateless era.
const DISCOVER_LIMIT: Duration = Duration::from_secs(30);

const TOOLS_LIST: &str = "tools/list";
const TASKS_LIST: &str = "tasks/list";
const TASKS: &str = "io.modelcontextprotocol/tasks";
pub(super) const DISCOVER: &str = "server/discover";

/// Who sends, to which upstream, over which connection.
#[derive(Clone)]
pub(super) struct From {
    pub(super) engine: Arc<Engine>,
    pub(super) agent: Agent,
    pub(super) upstream: UpstreamConfig,
    pub(super) connected: Connected,
}

/// A request that is under way.
pub(super) struct Begun {
    /// Its end; nothing where the agent cancelled.
    pub(super) work: Pin<Box<dyn Future<Output = Option<Last>> + Send>>,
    /// What is said before.
    pub(super) items: mpsc::Receiver<StreamItem>,
    /// Where the agent wants to hear of progress.
    pub(super) token: Option<Value>,
    /// Dropped, it tells the work that the agent is gone.
    pub(super) left: DropGuard,
    /// Cancelled when the request is up, is held, or will never be up: what comes after it may follow.
    pub(super) passed: CancellationToken,
}

/// What `initialize` came to: the answer, and the session with its id where there is one now.
pub(super) struct Opened {
    pub(super) answer: Value,
    pub(super) session: Option<(String, Arc<AgentSession>)>,
}

impl From {
    /// `initialize` goes up as it is, and so does the answer come down.
    pub(super) async fn open(&self, request: &Request) -> Result<Opened, Refused> {
        self.check_paired(request)?;
        let sessions = self.engine.sessions();
        let _place = sessions.place().await;
        let (to_agent, standing) = mpsc::channel(STANDING_ROOM);
        let opened = match UpstreamSession::open(&self.upstream, self.engine.supply(), to_agent).await {
            Ok(up) => up.ask(request.clone(), CallRoute::nowhere()).await.map(|answer| (up, answer)),
            Err(error) => Err(error),
        };
        let (up, answer) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                return Ok(Opened { answer: self.failed(&request.id, &error).into(), session: None });
            }
        };
        let is_open = answer.seen().is_ok();
        let answer = answer.with_id(request.id.clone()).into();
        if !is_open {
            return Ok(Opened { answer, session: None });
        }
        let up = (self.upstream.name.clone(), up);
        let declared = Declared::in_initialize(request);
        let session = AgentSession::new(self.agent.name.clone(), up, Some(standing), declared);
        match sessions.insert(session) {
            Some(entered) => Ok(Opened { answer, session: Some(entered) }),
            None => {
                let message = "too many sessions of this agent are open: end some with DELETE";
                Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, code::BUSY, message).to(&request.id))
            }
        }
    }

    /// A new session of the stateless era; it has no id, and nothing comes to it but answers.
    pub(super) async fn open_stateless(&self, request: &Request) -> Result<Arc<AgentSession>, Refused> {
        self.check_paired(request)?;
        let (to_agent, _) = mpsc::channel(1);
        match UpstreamSession::open(&self.upstream, self.engine.supply(), to_agent).await {
            Ok(up) => {
                up.speaks_for(request);
                let up = (self.upstream.name.clone(), up);
                let declared = Declared::in_request(request);
                Ok(Arc::new(AgentSession::new(self.agent.name.clone(), up, None, declared)))
            }
            Err(error) => {
                self.engine.note_upstream_error(&self.upstream.name, &error.to_string());
                Err(Refused::new(StatusCode::OK, code::UPSTREAM, error.for_agent()).to(&request.id))
            }
        }
    }

    /// A connection may outlive its agent's pairing.
    fn check_paired(&self, request: &Request) -> Result<(), Refused> {
        if self.engine.agent(&self.agent.name).is_some() {
            return Ok(());
        }
        let message = "this agent was removed: add it again with `doorward agent add`";
        Err(Refused::new(StatusCode::UNAUTHORIZED, code::REFUSED, message).to(&request.id))
    }

    /// Starts a request other than `initialize`.
    pub(super) fn begin(&self, session: Arc<AgentSession>, mut request: Request) -> Result<Begun, Refused> {
        let named = if request.method == TOOLS_CALL { Some(call::read(&mut request)?) } else { None };
        let (stream, items) = mpsc::channel(STREAM_ROOM);
        // The agent's own cancel goes up with a forwarded call; its going away only ends the wait of a held one.
        // In the stateless era to go away is to cancel.
        let cancelled = CancellationToken::new();
        let left = cancelled.child_token();
        let gone = match session.era() {
            Era::Legacy => left.clone().drop_guard(),
            Era::Modern => cancelled.clone().drop_guard(),
        };
        let Some(turn) = session.start(&request.id, cancelled.clone(), stream.clone()) else {
            let message = "too many requests of this session are open: wait for some to end";
            return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, code::BUSY, message).to(&request.id));
        };
        let token = request.progress_token().cloned();
        let route = CallRoute::new(stream.clone(), cancelled.clone(), request.id.clone());
        let passed = route.passed().clone();
        let over = passed.clone().drop_guard();
        let id = request.id.clone();
        let from = self.clone();
        let work = self.engine.tasks().spawn(async move {
            let (_turn, _over) = (turn, over);
            let last = match named {
                Some(named) => {
                    let incoming = call::incoming(&from, &session, &request, named, route, left).await;
                    let answered = pipeline::handle(&from.engine, incoming, stream).await;
                    let response = answered.reply.into_response(request.id);
                    Last {
                        status: status(session.era(), &response),
                        answer: response.into(),
                        slip: answered.slip,
                    }
                }
                None => {
                    let response = from.pass_on(&session, request, route).await;
                    Last { status: status(session.era(), &response), answer: response.into(), slip: None }
                }
            };
            (!cancelled.is_cancelled()).then_some(last)
        });
        let work = Box::pin(async move {
            work.await.unwrap_or_else(|_| {
                let message = "Doorward failed on this request; its log says more";
                let answer = Response::error(id, code::UPSTREAM, message).into();
                Some(Last { answer, status: StatusCode::OK, slip: None })
            })
        });
        Ok(Begun { work, items, token, left: gone, passed })
    }

    /// Anything but a call goes up as it came, and its answer comes down as it came.
    async fn pass_on(&self, session: &AgentSession, request: Request, route: CallRoute) -> Response {
        let (id, method) = (request.id.clone(), request.method.clone());
        let (agent, upstream) = (&self.agent.name, &self.upstream.name);
        let era = session.era();
        let refused = refuse_undeclared(era, &request)
            .or_else(|| self.engine.born_tasks().refuse(era, agent, upstream, &request));
        if let Some(refused) = refused {
            return refused;
        }
        let own = session.up.answer_sealed(&request).await;
        let limit = (method == DISCOVER).then_some(DISCOVER_LIMIT);
        let answer = match own {
            Some(answer) => answer,
            None => match session.up.send(request, route).await {
                Ok(asked) => asked.answer(limit).await,
                Err(error) => Err(error),
            },
        };
        if method == DISCOVER {
            return self.discovered(session, id, answer);
        }
        match answer {
            Ok(answer) if method == TOOLS_LIST => {
                let seen = |result| listing::without_denied(&self.engine, &self.agent, upstream, result);
                answer.map_result(seen).with_id(id)
            }
            Ok(answer) if method == TASKS_LIST => {
                let own = |result| self.engine.born_tasks().filter_list(agent, upstream, result);
                answer.map_result(own).with_id(id)
            }
            Ok(answer) => answer.with_id(id),
            Err(error) => self.failed(&id, &error),
        }
    }

    /// An upstream of an older era does not know the method, and may say so in many ways; agents fall back on one.
    fn discovered(
        &self,
        session: &AgentSession,
        id: Value,
        answer: Result<Response, UpstreamError>,
    ) -> Response {
        let speaks_it = |answer: &Response| match answer.seen() {
            Ok(result) => {
                result.get("supportedVersions").is_some_and(|versions| versions.as_list().is_some())
            }
            Err(_) => answer
                .error_code()
                .is_some_and(|code| (code::UNSUPPORTED_VERSION..=code::HEADER_MISMATCH).contains(&code)),
        };
        match answer {
            Ok(answer) if speaks_it(&answer) => return answer.with_id(id),
            Err(error) if !error.was_sent() => return self.failed(&id, &error),
            Ok(_) | Err(_) => {}
        }
        // The agent goes on with `initialize`, in a session of its own.
        self.engine.sessions().forget(session);
        let message = "this upstream does not speak the stateless protocol: send `initialize`";
        Response::error(id, code::METHOD_NOT_FOUND, message)
    }

    /// A notification; nothing is said of what became of it.
    pub(super) async fn notify(&self, session: &AgentSession, notification: Notification) {
        if notification.method == "notifications/cancelled" {
            return session.cancel(notification).await;
        }
        let sent = session.up.tell(notification).await;
        self.note(sent);
    }

    /// The agent's answer to a request of the upstream.
    pub(super) async fn answer(&self, session: &AgentSession, answer: Response) {
        let sent = session.up.answer(answer).await;
        self.note(sent);
    }

    fn note(&self, sent: Result<(), UpstreamError>) {
        if let Err(error) = sent {
            self.engine.note_upstream_error(&self.upstream.name, &error.to_string());
        }
    }

    fn failed(&self, id: &Value, error: &UpstreamError) -> Response {
        self.engine.note_upstream_error(&self.upstream.name, &error.to_string());
        Response::error(id.clone(), code::UPSTREAM, &error.for_agent())
    }
}

/// In the stateless era tasks are an extension, which an agent declares with each request about them. Without that the
/// upstream would say so, if the task were its agent's to ask about.
fn refuse_undeclared(era: Era, request: &Request) -> Option<Response> {
    let is_about_one = matches!(request.method.as_str(), "tasks/get" | "tasks/update" | "tasks/cancel");
    let declared =
        request.meta(META_CAPABILITIES).and_then(|declared| declared.get("extensions")?.get(TASKS));
    if era == Era::Legacy || !is_about_one || declared.is_some() {
        return None;
    }
    let extensions = Value::object([(TASKS, Value::Map(Map::default()))]);
    let data = Value::object([("requiredCapabilities", Value::object([("extensions", extensions)]))]);
    let error = Value::object([
        ("code", code::MISSING_CAPABILITY.into()),
        (
            "message",
            "requests about tasks need the extension for tasks among the client's capabilities".into(),
        ),
        ("data", data),
    ]);
    Some(Response::failure(request.id.clone(), error))
}

/// A call without an id would run unseen.
pub(super) fn refuse_bare_call(notification: &Notification) -> Result<(), Refused> {
    if notification.method != TOOLS_CALL {
        return Ok(());
    }
    let message = "`tools/call` needs an `id`: nothing runs without an answer";
    Err(Refused::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, message))
}

/// Whether a message says that it is of the stateless era.
pub(super) fn is_stateless(message: &Message) -> bool {
    match message {
        Message::Request(request) => is_stateless_request(request),
        Message::Notification(notification) => notification.meta(META_VERSION).is_some(),
        Message::Response(_) => false,
    }
}

pub(super) fn is_stateless_request(request: &Request) -> bool {
    request.meta(META_VERSION).is_some() || request.method == DISCOVER
}

/// The status of an answer that is plain JSON: the upstream's own, or what the stateless era asks for.
fn status(era: Era, response: &Response) -> StatusCode {
    if era == Era::Legacy {
        return StatusCode::OK;
    }
    match (response.status, response.error_code()) {
        (_, None) => StatusCode::OK,
        (Some(status), Some(_)) => StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        (None, Some(code::HEADER_MISMATCH | code::MISSING_CAPABILITY | code::UNSUPPORTED_VERSION)) => {
            StatusCode::BAD_REQUEST
        }
        (None, Some(code::METHOD_NOT_FOUND)) => StatusCode::NOT_FOUND,
        (None, Some(_)) => StatusCode::OK,
    }
}
