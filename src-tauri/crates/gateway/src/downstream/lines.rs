//! MCP as lines, as over standard input and output: the way in for `doorward connect`, on the home's socket only.
//!
//! One connection is one agent's process. It has at most one session of the older eras, and one of the stateless
//! era, and both end with it. What is no call goes up in the order in which it came.

use super::{
    exchange::{self, Begun, From},
    refuse::Refused,
    session::AgentSession,
    stream::{Last, Life, UNREAD_LIMIT, beat},
};
use crate::{
    desk::DeskEvent,
    message::{META_VERSION, Message, Notification, Request, Response, classify, code},
    slip::Slip,
    upstream::{LineError, next_line},
};
use axum::http::StatusCode;
use policy::Value;
use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    sync::{broadcast::error::RecvError, mpsc},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// What the socket is asked to be upgraded to.
pub(super) const PROTOCOL: &str = "mcp-lines";

/// Most messages that were read and wait for their turn; then nothing more is read.
const MAX_QUEUED: usize = 256;

/// One text on its way to the agent.
struct Line {
    text: String,
    slip: Option<Slip>,
}

/// The sending half; every part of a connection has one.
#[derive(Clone)]
struct Out(mpsc::Sender<Line>);

/// The agent is gone.
struct Gone;

/// One connection's sessions. One task reads, another takes requests and notifications one after the other; answers
/// and cancels do not wait for what came before them.
struct Lines {
    from: Mutex<From>,
    out: Out,
    legacy: Mutex<Option<(String, Arc<AgentSession>)>>,
    /// Requests that were read and are not begun: one that is taken back meanwhile is missing here.
    waiting: Mutex<VecDeque<Value>>,
}

/// Until either side closes, or the gateway stops.
pub(super) async fn serve<S>(from: From, stream: S, stopping: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (reader, writer) = tokio::io::split(stream);
    let (sender, lines) = mpsc::channel(64);
    let out = Out(sender);
    let connection =
        Lines { from: Mutex::new(from), out, legacy: Mutex::default(), waiting: Mutex::default() };
    let (queue, queued) = mpsc::channel(MAX_QUEUED);
    let writing = tokio::spawn(write(writer, lines));
    tokio::select! {
        () = connection.read(BufReader::with_capacity(64 * 1024, reader), queue) => {}
        () = connection.follow(queued) => {}
        () = stopping.cancelled() => {}
    }
    connection.close().await;
    // What is still under way has nobody to read it.
    writing.abort();
}

impl Lines {
    async fn read<R: AsyncRead + Unpin>(&self, mut reader: BufReader<R>, queue: mpsc::Sender<Message>) {
        let mut changes = self.from().engine.desk().events();
        loop {
            let line = {
                // Kept while other things happen: it may have the beginning of a line.
                let mut next = pin!(next_line(&mut reader, super::body::MAX_BODY));
                loop {
                    tokio::select! {
                        // A change that was made before a line came counts for that line.
                        biased;
                        change = changes.recv() => if concerns_us(&change) && !self.look_again() { return },
                        () = self.out.closed() => return,
                        line = &mut next => break line,
                    }
                }
            };
            let taken = match line {
                Ok(Some(line)) if line.iter().all(u8::is_ascii_whitespace) => Ok(()),
                Ok(Some(line)) => self.take(line, &queue).await,
                Ok(None) | Err(LineError::Broken(_)) => return,
                Err(LineError::TooLong) => {
                    let message = format!("a message may have at most {} bytes", super::body::MAX_BODY);
                    let refused = Refused::new(StatusCode::PAYLOAD_TOO_LARGE, code::REFUSED, message);
                    let _ = self.out.refused(refused).await;
                    return;
                }
            };
            if let Err(refused) = taken
                && self.out.refused(refused).await.is_err()
            {
                return;
            }
        }
    }

    async fn take(&self, line: Vec<u8>, queue: &mpsc::Sender<Message>) -> Result<(), Refused> {
        let value = super::body::parse(line).await?;
        let id = value.get("id").filter(|id| matches!(id, Value::Number(_) | Value::Text(_))).cloned();
        let message = classify(value).map_err(|error| {
            let refused = Refused::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, error.to_string());
            refused.to(&id.unwrap_or(Value::Null))
        })?;
        match message {
            Message::Response(answer) => {
                if let Ok(session) = self.session() {
                    self.from().answer(&session, answer).await;
                }
            }
            Message::Notification(notification) if notification.method == "notifications/cancelled" => {
                let id = notification.params().and_then(|params| params.get("requestId"));
                self.waiting().retain(|waiting| Some(waiting) != id);
                self.notify(notification).await;
            }
            message => {
                if let Message::Request(request) = &message {
                    self.waiting().push_back(request.id.clone());
                }
                // The other end is gone only together with this one.
                let _ = queue.send(message).await;
            }
        }
        Ok(())
    }

    /// Takes up what is to keep its order: the next one when the one before is up, is held, or will never be up.
    async fn follow(&self, mut queued: mpsc::Receiver<Message>) {
        while let Some(message) = queued.recv().await {
            let taken = match message {
                Message::Request(request) if !self.is_wanted(&request) => Ok(()),
                Message::Request(request) => self.begin(request).await,
                Message::Notification(notification) => match exchange::refuse_bare_call(&notification) {
                    Ok(()) => {
                        self.notify(notification).await;
                        Ok(())
                    }
                    Err(refused) => Err(refused),
                },
                Message::Response(_) => Ok(()),
            };
            if let Err(refused) = taken
                && self.out.refused(refused).await.is_err()
            {
                return;
            }
        }
    }

    /// Whether the request was not taken back while it waited.
    fn is_wanted(&self, request: &Request) -> bool {
        let mut waiting = self.waiting();
        let place = waiting.iter().position(|id| *id == request.id);
        place.is_some_and(|place| waiting.remove(place).is_some())
    }

    async fn begin(&self, request: Request) -> Result<(), Refused> {
        let from = self.from();
        let session = if exchange::is_stateless_request(&request) {
            let session = from.engine.sessions().stateless(&from, &request).await?;
            session.up.speaks_for(&request);
            session
        } else if request.method == "initialize" {
            return self.initialize(&from, &request).await;
        } else {
            self.session().map_err(|refused| refused.to(&request.id))?
        };
        let begun = from.begin(session, request)?;
        let passed = begun.passed.clone();
        tokio::spawn(answer(begun, self.out.clone()));
        passed.cancelled().await;
        Ok(())
    }

    /// A second `initialize` begins anew.
    async fn initialize(&self, from: &From, request: &Request) -> Result<(), Refused> {
        let opened = from.open(request).await?;
        self.end_legacy();
        if let Some((id, session)) = opened.session {
            tokio::spawn(stand(Arc::clone(&session), self.out.clone()));
            *self.legacy() = Some((id, session));
        }
        let _ = self.out.send(opened.answer.to_json(), None).await;
        Ok(())
    }

    /// A notification of the stateless era need not say that it is one.
    async fn notify(&self, notification: Notification) {
        let from = self.from();
        let session = match self.session() {
            Ok(session) if notification.meta(META_VERSION).is_none() => Some(session),
            _ => from.engine.sessions().known_stateless(&from).await,
        };
        if let Some(session) = session {
            from.notify(&session, notification).await;
        }
    }

    fn session(&self) -> Result<Arc<AgentSession>, Refused> {
        self.legacy().as_ref().map(|(_, session)| Arc::clone(session)).ok_or_else(|| {
            let message = "there is no session yet: send `initialize` first";
            Refused::new(StatusCode::BAD_REQUEST, code::NO_SESSION, message)
        })
    }

    /// The agent as it is paired now. False when it, or the upstream, is not what it was: then the connection ends,
    /// and whoever comes again is told so, or begins anew.
    fn look_again(&self) -> bool {
        let mut from = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        let From { engine, agent, upstream, .. } = &mut *from;
        match engine.agent(&agent.name) {
            Some(known) if known.user == agent.user => *agent = known,
            _ => return false,
        }
        engine.upstream(upstream.name.as_str()).is_some_and(|known| known == *upstream)
    }

    fn end_legacy(&self) {
        let ended = self.legacy().take();
        if let Some((id, _)) = ended {
            self.from().engine.sessions().end(&id);
        }
    }

    async fn close(self) {
        self.end_legacy();
        let from = self.from();
        if let Some(session) = from.engine.sessions().known_stateless(&from).await {
            from.engine.sessions().forget(&session);
        }
    }

    fn from(&self) -> From {
        self.from.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn legacy(&self) -> MutexGuard<'_, Option<(String, Arc<AgentSession>)>> {
        self.legacy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Value>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After a gap nothing that is known is known to be right.
fn concerns_us(change: &Result<DeskEvent, RecvError>) -> bool {
    matches!(change, Ok(DeskEvent::Agents | DeskEvent::Upstreams) | Err(RecvError::Lagged(_)))
}

/// Writes the answer when it is there, and what is said before.
async fn answer(begun: Begun, out: Out) {
    let Begun { mut work, mut items, token, left, .. } = begun;
    let mut life = Life::new(token);
    let mut beat = beat();
    loop {
        let said = tokio::select! {
            biased;
            () = out.closed() => return,
            Some(item) = items.recv() => {
                beat.reset();
                life.item(item)
            }
            last = &mut work => {
                while let Ok(item) = items.try_recv() {
                    if let Some(message) = life.item(item)
                        && out.send(message.to_json(), None).await.is_err()
                    {
                        return;
                    }
                }
                let written = match last {
                    Some(Last { answer, slip, .. }) => out.send(answer.to_json(), slip).await,
                    None => Ok(()),
                };
                if written.is_ok() {
                    left.disarm();
                }
                return;
            }
            _ = beat.tick() => life.progress(),
        };
        if let Some(message) = said
            && out.send(message.to_json(), None).await.is_err()
        {
            return;
        }
    }
}

/// Passes on what belongs to no request.
async fn stand(session: Arc<AgentSession>, out: Out) {
    let turn = session.take_standing_turn();
    let passing = async {
        let mut standing = session.standing.lock().await;
        let Some(standing) = standing.as_mut() else { return };
        session.up.set_listening(true);
        while let Some(message) = standing.recv().await {
            if out.send(message.into_message().to_json(), None).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = passing => {}
        () = out.closed() => {}
        () = turn.cancelled() => {}
        () = session.ended.cancelled() => {}
    }
    session.up.set_listening(false);
}

impl Out {
    async fn send(&self, mut text: String, slip: Option<Slip>) -> Result<(), Gone> {
        text.push('\n');
        match timeout(UNREAD_LIMIT, self.0.send(Line { text, slip })).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }

    async fn refused(&self, refused: Refused) -> Result<(), Gone> {
        let answer = Response::error(refused.id, refused.code, &refused.message);
        self.send(answer.into_value().to_json(), None).await
    }

    async fn closed(&self) {
        self.0.closed().await;
    }
}

async fn write<W: AsyncWrite + Unpin>(mut writer: W, mut lines: mpsc::Receiver<Line>) {
    while let Some(Line { text, slip }) = lines.recv().await {
        let written = async {
            writer.write_all(text.as_bytes()).await?;
            writer.flush().await
        };
        match timeout(UNREAD_LIMIT, written).await {
            Ok(Ok(())) => {
                if let Some(slip) = slip {
                    slip.written();
                }
            }
            _ => return,
        }
    }
}
