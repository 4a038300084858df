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
    message::{Message, Notification, Request, Response, classify, code},
    slip::Slip,
    upstream::{LineError, next_line},
};
use axum::http::StatusCode;
use policy::Value;
use std::{pin::pin, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    sync::{broadcast::error::RecvError, mpsc},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// What the socket is asked to be upgraded to.
pub(super) const PROTOCOL: &str = "mcp-lines";

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

/// One connection's sessions.
struct Lines {
    from: From,
    out: Out,
    legacy: Option<(String, Arc<AgentSession>)>,
}

/// Until either side closes, or the gateway stops.
pub(super) async fn serve<S>(from: From, stream: S, stopping: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (reader, writer) = tokio::io::split(stream);
    let (sender, lines) = mpsc::channel(64);
    let mut connection = Lines { from, out: Out(sender), legacy: None };
    let writing = tokio::spawn(write(writer, lines));
    let reading = connection.read(BufReader::with_capacity(64 * 1024, reader));
    tokio::select! {
        () = reading => {}
        () = stopping.cancelled() => {}
    }
    connection.close().await;
    // What is still under way has nobody to read it.
    writing.abort();
}

impl Lines {
    async fn read<R: AsyncRead + Unpin>(&mut self, mut reader: BufReader<R>) {
        let mut changes = self.from.engine.desk().events();
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
                Ok(Some(line)) => self.take(line).await,
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

    async fn take(&mut self, line: Vec<u8>) -> Result<(), Refused> {
        let value = super::body::parse(line).await?;
        let id = value.get("id").filter(|id| matches!(id, Value::Number(_) | Value::Text(_))).cloned();
        let message = classify(value).map_err(|error| {
            let refused = Refused::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, error.to_string());
            refused.to(&id.unwrap_or(Value::Null))
        })?;
        if exchange::is_stateless(&message) {
            return self.take_stateless(message).await;
        }
        match message {
            Message::Request(request) if request.method == "initialize" => self.initialize(&request).await,
            Message::Request(request) => {
                let session = self.session().map_err(|refused| refused.to(&request.id))?;
                self.begin(session, request).await
            }
            Message::Notification(notification) => {
                exchange::refuse_bare_call(&notification)?;
                match self.session() {
                    Ok(session) => self.from.notify(&session, notification).await,
                    // One of the stateless era need not say that it is.
                    Err(_) => self.notify_stateless(notification).await,
                }
                Ok(())
            }
            Message::Response(answer) => {
                if let Ok(session) = self.session() {
                    self.from.answer(&session, answer).await;
                }
                Ok(())
            }
        }
    }

    async fn take_stateless(&mut self, message: Message) -> Result<(), Refused> {
        match message {
            Message::Request(request) => {
                let session = self.from.engine.sessions().stateless(&self.from, &request).await?;
                session.up.speaks_for(&request);
                self.begin(session, request).await
            }
            Message::Notification(notification) => {
                exchange::refuse_bare_call(&notification)?;
                self.notify_stateless(notification).await;
                Ok(())
            }
            Message::Response(_) => Ok(()),
        }
    }

    async fn notify_stateless(&self, notification: Notification) {
        if let Some(session) = self.from.engine.sessions().known_stateless(&self.from).await {
            self.from.notify(&session, notification).await;
        }
    }

    fn session(&self) -> Result<Arc<AgentSession>, Refused> {
        self.legacy.as_ref().map(|(_, session)| Arc::clone(session)).ok_or_else(|| {
            let message = "there is no session yet: send `initialize` first";
            Refused::new(StatusCode::BAD_REQUEST, code::NO_SESSION, message)
        })
    }

    /// A second `initialize` begins anew.
    async fn initialize(&mut self, request: &Request) -> Result<(), Refused> {
        let opened = self.from.open(request).await?;
        self.end_legacy();
        if let Some((id, session)) = opened.session {
            tokio::spawn(stand(Arc::clone(&session), self.out.clone()));
            self.legacy = Some((id, session));
        }
        let _ = self.out.send(opened.answer.to_json(), None).await;
        Ok(())
    }

    async fn begin(&self, session: Arc<AgentSession>, request: Request) -> Result<(), Refused> {
        let mut begun = self.from.begin(session, request)?;
        let _ = (&mut begun.sent).await;
        tokio::spawn(answer(begun, self.out.clone()));
        Ok(())
    }

    /// The agent as it is paired now. False when it, or the upstream, is not what it was: then the connection ends,
    /// and whoever comes again is told so, or begins anew.
    fn look_again(&mut self) -> bool {
        let From { engine, agent, upstream, .. } = &mut self.from;
        match engine.agent(&agent.name) {
            Some(known) if known.user == agent.user => *agent = known,
            _ => return false,
        }
        engine.upstream(upstream.name.as_str()).is_some_and(|known| known == *upstream)
    }

    fn end_legacy(&mut self) {
        if let Some((id, _)) = self.legacy.take() {
            self.from.engine.sessions().end(&id);
        }
    }

    async fn close(mut self) {
        self.end_legacy();
        let sessions = self.from.engine.sessions();
        if let Some(session) = sessions.known_stateless(&self.from).await {
            sessions.forget(&session);
        }
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
