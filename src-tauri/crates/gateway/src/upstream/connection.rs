//! One live link to an upstream, whichever wire it runs on: asks, tells, and sorts what comes back.
//!
//! Ids that go up are this connection's own count. What comes back is hostile until it is sorted: an answer
//! finds its request or nobody, unreadable text fails the request it names, and the rest goes to the session.

use super::{
    MAX_MESSAGE, UpstreamError,
    http::{Heads, Http},
    outgoing::Outgoing,
    pending::{Answer, MAX_PENDING, NoPlace, Pending},
    route::CallRoute,
    session::Inner,
    stdio::{Program, Stdio},
};
use crate::{
    home::{Transport, UpstreamConfig},
    message::{META_SUBSCRIPTION, Message, Notification, Response, classify},
    pipeline::StreamItem,
    secrets::Injected,
};
use policy::{UpstreamName, Value};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// How long a cancelled request may still be answered.
const CANCEL_GRACE: Duration = Duration::from_secs(10);
/// How long an upstream may work on a request whose agent is gone.
const ABANDONED_LIMIT: Duration = Duration::from_secs(60 * 60);
/// Texts longer than this are parsed off the event loop.
const LARGE: usize = 256 * 1024;

pub(super) struct Connection {
    pub(super) name: UpstreamName,
    pub(super) pending: Pending,
    pub(super) session: Weak<Inner>,
    wire: Wire,
}

enum Wire {
    Stdio(Stdio),
    Http(Http),
}

impl Connection {
    /// Starts the child, or prepares the HTTP client; nothing is sent yet.
    pub(super) fn open(
        config: &UpstreamConfig,
        injected: Injected,
        session: Weak<Inner>,
    ) -> Result<Arc<Connection>, UpstreamError> {
        let name = config.name.clone();
        let Injected { variables, headers: secrets, withheld } = injected;
        let (wire, started) = match &config.transport {
            Transport::Stdio { command, args, env, cwd } => {
                let program = Program { command, args, env, cwd: cwd.as_ref(), secrets: &variables };
                let (stdio, started) = Stdio::spawn(&name, &program)?;
                (Wire::Stdio(stdio), Some(started))
            }
            Transport::Http { url, headers } => (Wire::Http(Http::new(&name, url, headers, secrets)?), None),
        };
        let connection = Arc::new(Connection { name, pending: Pending::default(), session, wire });
        if let (Wire::Stdio(stdio), Some(started)) = (&connection.wire, started) {
            stdio.run(started, Arc::downgrade(&connection), withheld);
        }
        Ok(connection)
    }

    pub(super) fn is_alive(&self) -> bool {
        self.pending.dead().is_none()
    }

    pub(super) fn is_stdio(&self) -> bool {
        matches!(self.wire, Wire::Stdio(_))
    }

    /// Fails everything that waits, and everything asked from now on. The end of a session that we ended
    /// ourselves is no news.
    pub(super) fn die(&self, why: &UpstreamError) {
        if self.pending.dead().is_none() {
            tracing::warn!(upstream = %self.name, error = %why.for_agent(), "an upstream's session is over");
        }
        self.pending.fail_all(why);
    }

    /// Sends a request and waits for its answer: for `limit`, or, without one, for as long as the agent stays.
    pub(super) async fn ask(
        self: &Arc<Self>,
        outgoing: Outgoing,
        route: CallRoute,
        limit: Option<Duration>,
    ) -> Answer {
        self.send(outgoing, route).await?.answer(limit).await
    }

    /// Sends a request; what is sent one after the other goes up in that order.
    pub(super) async fn send(
        self: &Arc<Self>,
        mut outgoing: Outgoing,
        route: CallRoute,
    ) -> Result<Asked, UpstreamError> {
        let name = &self.name;
        if route.cancel.is_cancelled() {
            return Err(UpstreamError::CancelledUnsent { name: name.clone() });
        }
        let (cancel, stream) = (route.cancel.clone(), route.stream.clone());
        let passed = route.passed().clone();
        let (id, answer) =
            self.pending.ask(route, outgoing.progress_token()).map_err(|no_place| match no_place {
                NoPlace::Full => UpstreamError::Busy { name: name.clone(), limit: MAX_PENDING },
                NoPlace::Dead(error) => error.unsent(),
            })?;
        let headers = outgoing.take_headers();
        let secret = outgoing.take_secret();
        let ends_by_closing = headers.is_some() && matches!(self.wire, Wire::Http(_));
        let place = Place { connection: Arc::clone(self), id };
        let text = outgoing.into_text(id);
        let exchange = match &self.wire {
            Wire::Stdio(stdio) => {
                stdio.send(text).await.map_err(UpstreamError::unsent)?;
                None
            }
            Wire::Http(_) => {
                let exchange = exchange(Arc::clone(self), id, text, Heads { own: headers, secret });
                Some(AbortOnDrop(tokio::spawn(exchange)))
            }
        };
        passed.cancel();
        Ok(Asked { place, answer, _exchange: exchange, cancel, stream, ends_by_closing })
    }

    /// Sends what wants no answer.
    pub(super) async fn tell(&self, outgoing: Outgoing) -> Result<(), UpstreamError> {
        if let Some(error) = self.pending.dead() {
            return Err(error);
        }
        let text = outgoing.into_text(0);
        match &self.wire {
            Wire::Stdio(stdio) => stdio.send(text).await,
            Wire::Http(http) => http.tell(text).await.inspect_err(|error| self.die_if_lost(error)),
        }
    }

    /// Passes a cancel up, once for a request; `as_sent` is the agent's own notification.
    pub(super) async fn cancel(&self, id: u64, as_sent: Option<Notification>) {
        if self.pending.cancel_id(id) {
            self.tell_cancelled(id, as_sent).await;
        }
    }

    pub(super) async fn tell_cancelled(&self, id: u64, as_sent: Option<Notification>) {
        let id = Value::from(i64::try_from(id).unwrap_or(i64::MAX));
        let notification = match as_sent {
            Some(notification) => notification.with_param("requestId", id),
            None => Notification::new("notifications/cancelled", Some(Value::object([("requestId", id)]))),
        };
        if let Ok(outgoing) = Outgoing::notification(notification)
            && let Err(error) = self.tell(outgoing).await
        {
            tracing::debug!(upstream = %self.name, error = %error.for_agent(), "a cancel did not go up");
        }
    }

    /// The protocol version both sides agreed on.
    pub(super) fn agreed_on(&self, version: Option<&str>) {
        if let Wire::Http(http) = &self.wire {
            http.agreed_on(version);
        }
    }

    /// Opens the stream for what belongs to no request, where the wire has one of its own.
    pub(super) fn listen(self: &Arc<Self>) {
        if let Wire::Http(http) = &self.wire {
            http.listen(self);
        }
    }

    /// Ends the session at the upstream, politely.
    pub(super) async fn close(&self) {
        self.pending.fail_all(&UpstreamError::Stopped {
            name: self.name.clone(),
            how: "its session was closed".to_owned(),
            last_words: Vec::new(),
        });
        match &self.wire {
            Wire::Stdio(stdio) => stdio.close().await,
            Wire::Http(http) => http.close().await,
        }
    }

    /// One text from the upstream; `origin` is the request on whose stream it came.
    pub(super) async fn take_text(self: &Arc<Self>, origin: Option<u64>, text: Vec<u8>) {
        let length = text.len();
        match parse(text).await {
            Ok(Value::List(items)) => {
                for item in items {
                    self.take(origin, item).await;
                }
            }
            Ok(value) => self.take(origin, value).await,
            Err((text, why)) => {
                tracing::warn!(upstream = %self.name, length, %why, "an upstream sent text that is not taken as JSON");
                self.unreadable(origin.or_else(|| answered_id(&text)), why);
            }
        }
    }

    async fn take(self: &Arc<Self>, origin: Option<u64>, value: Value) {
        let id = value.get("id").and_then(as_count).filter(|_| value.get("method").is_none());
        match classify(value) {
            Ok(Message::Response(response)) => self.take_response(origin, response),
            Ok(Message::Request(request)) => {
                if let Some(session) = self.session.upgrade() {
                    session.take_request(self, origin, request).await;
                }
            }
            Ok(Message::Notification(notification)) => {
                let (origin, notification) = self.named_back(origin, notification);
                if let Some(session) = self.session.upgrade() {
                    session.take_notification(self, origin, notification).await;
                }
            }
            Err(error) => {
                tracing::warn!(upstream = %self.name, %error, "an upstream sent something that is no message");
                self.unreadable(origin.or(id), error.to_string());
            }
        }
    }

    /// What comes for a subscription names the request that opened it; the agent knows that by another id.
    fn named_back(&self, origin: Option<u64>, notification: Notification) -> (Option<u64>, Notification) {
        let subscription = notification.meta(META_SUBSCRIPTION).and_then(as_count);
        match subscription.and_then(|id| Some((id, self.pending.agents_id(id)?))) {
            Some((id, theirs)) => (Some(id), notification.with_meta(META_SUBSCRIPTION, theirs)),
            None => (origin, notification),
        }
    }

    fn take_response(&self, origin: Option<u64>, response: Response) {
        let id = match (as_count(&response.id), origin) {
            (Some(id), Some(origin)) => (id == origin).then_some(id),
            (Some(id), None) => Some(id),
            // The upstream could not read a request: clear whose that was only if no other waits.
            (None, origin) if response.id == Value::Null => origin.or_else(|| self.pending.only_id()),
            (None, _) => None,
        };
        if !id.is_some_and(|id| self.pending.settle(id, Ok(response))) {
            tracing::warn!(upstream = %self.name, "an upstream answered what nobody waits for");
        }
    }

    fn unreadable(&self, id: Option<u64>, why: String) {
        if let Some(id) = id {
            self.pending.settle(id, Err(UpstreamError::Unreadable { name: self.name.clone(), why }));
        }
    }

    fn die_if_lost(&self, error: &UpstreamError) {
        if matches!(error, UpstreamError::SessionLost { .. }) {
            self.die(error);
        }
    }

    fn gone(&self) -> UpstreamError {
        self.pending.dead().unwrap_or_else(|| UpstreamError::Stopped {
            name: self.name.clone(),
            how: "its session is over".to_owned(),
            last_words: Vec::new(),
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Wire::Http(http) = &self.wire {
            http.stop();
        }
    }
}

/// One POST and whatever comes back on it; always settles the request.
async fn exchange(connection: Arc<Connection>, id: u64, text: String, heads: Heads) {
    let Wire::Http(http) = &connection.wire else { return };
    let ended = http.exchange(&connection, id, text, heads).await;
    let error = ended.err().unwrap_or_else(|| UpstreamError::Unreadable {
        name: connection.name.clone(),
        why: "its stream ended without an answer to this request".to_owned(),
    });
    connection.pending.settle(id, Err(error.clone()));
    connection.die_if_lost(&error);
}

/// A request that is up; dropping it forgets it.
pub(crate) struct Asked {
    place: Place,
    answer: oneshot::Receiver<Answer>,
    _exchange: Option<AbortOnDrop>,
    cancel: CancellationToken,
    stream: Option<mpsc::Sender<StreamItem>>,
    /// Over HTTP, in the stateless era, closing the stream is what cancels.
    ends_by_closing: bool,
}

struct Place {
    connection: Arc<Connection>,
    id: u64,
}

impl Asked {
    /// Waits for the answer: for `limit`, or, without one, for as long as the agent stays.
    pub(crate) async fn answer(self, limit: Option<Duration>) -> Answer {
        let Asked { place, mut answer, _exchange, cancel, stream, ends_by_closing } = self;
        let connection = &place.connection;
        let name = &connection.name;
        let too_long = async {
            let limit = match (limit, stream) {
                (Some(limit), _) => limit,
                (None, Some(stream)) => {
                    stream.closed().await;
                    ABANDONED_LIMIT
                }
                (None, None) => ABANDONED_LIMIT,
            };
            tokio::time::sleep(limit).await;
            limit
        };
        tokio::select! {
            answer = &mut answer => answer.unwrap_or_else(|_| Err(connection.gone())),
            () = cancel.cancelled() => {
                if ends_by_closing {
                    return Err(UpstreamError::Cancelled { name: name.clone() });
                }
                connection.cancel(place.id, None).await;
                match timeout(CANCEL_GRACE, answer).await {
                    Ok(answer) => answer.unwrap_or_else(|_| Err(connection.gone())),
                    Err(_) => Err(UpstreamError::Cancelled { name: name.clone() }),
                }
            }
            limit = too_long => {
                if !ends_by_closing {
                    connection.cancel(place.id, None).await;
                }
                Err(UpstreamError::Slow { name: name.clone(), seconds: limit.as_secs() })
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connection.pending.forget(self.id);
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The text comes back with the reason it was not taken.
async fn parse(text: Vec<u8>) -> Result<Value, (Vec<u8>, String)> {
    let read = |text: Vec<u8>| match Value::parse(&text) {
        Ok(value) => Ok(value),
        Err(error) => Err((text, error.to_string())),
    };
    if text.len() > MAX_MESSAGE {
        return Err((Vec::new(), format!("it is longer than {MAX_MESSAGE} bytes")));
    }
    if text.len() < LARGE {
        return read(text);
    }
    let parsed = tokio::task::spawn_blocking(move || read(text)).await;
    parsed.unwrap_or_else(|_| Err((Vec::new(), "it could not be read".to_owned())))
}

fn as_count(id: &Value) -> Option<u64> {
    match id {
        Value::Number(number) => number.as_str().parse().ok(),
        _ => None,
    }
}

/// The id of an answer that is not taken as a whole, so that its request fails at once and not by silence.
fn answered_id(text: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Glance<'a> {
        id: Option<u64>,
        #[serde(borrow)]
        method: Option<&'a RawValue>,
    }
    let glance: Glance<'_> = serde_json::from_slice(text).ok()?;
    glance.id.filter(|_| glance.method.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_refused_still_tells_whose_it_was() {
        for text in [r#"{"result":{"a":1,"a":2},"jsonrpc":"2.0","id":7}"#, r#"{"id":7,"result":"\ud800"}"#] {
            assert!(Value::parse(text.as_bytes()).is_err());
            assert_eq!(answered_id(text.as_bytes()), Some(7), "{text}");
        }
        let deep = format!(r#"{{"id":7,"result":{}{}}}"#, "[".repeat(90), "]".repeat(90));
        assert_eq!(answered_id(deep.as_bytes()), Some(7));
        assert_eq!(answered_id(br#"{"id":7,"method":"x","a":1}"#), None);
        assert_eq!(answered_id(b"listening on port 3000"), None);
    }
}
