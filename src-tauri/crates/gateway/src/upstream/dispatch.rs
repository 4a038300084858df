//! What an upstream says by itself: its requests and notifications, on their way to the agent.
//!
//! A message goes to the stream of the request it belongs to: the one it came on, the one whose progress token
//! it carries, or, from a child, whose output does not tell, the newest one. Otherwise it goes to the standing
//! stream. Ids of the upstream's requests become ours, so that only the agent that was asked can answer.

use super::{FromUpstream, UpstreamError, connection::Connection, outgoing::Outgoing, session::Inner};
use crate::{
    message::{Notification, Request, Response, code},
    pipeline::StreamItem,
};
use policy::{Map, Value};
use std::{
    collections::BTreeMap,
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};

/// How long an agent may leave its stream unread before a message takes another way.
const SEND_LIMIT: Duration = Duration::from_secs(30);
/// Most requests of one upstream that wait for the agent.
const MAX_ASKED: usize = 256;

/// The upstream's requests that the agent has not answered: our id → whose, under which id.
pub(super) struct Asked {
    last: i64,
    open: BTreeMap<i64, (Weak<Connection>, Value)>,
}

impl Default for Asked {
    /// Counts from anywhere: an answer that outlived a restart behind `doorward connect` meets no new question.
    fn default() -> Asked {
        let mut start = [0; 4];
        // Without randomness it counts from zero, as good as any other number on its own.
        let _ = getrandom::fill(&mut start);
        Asked { last: i64::from(u32::from_ne_bytes(start)), open: BTreeMap::new() }
    }
}

impl Asked {
    fn add(&mut self, connection: &Arc<Connection>, id: Value) -> Option<Value> {
        if self.open.len() >= MAX_ASKED {
            self.open.retain(|_, (connection, _)| connection.upgrade().is_some_and(|alive| alive.is_alive()));
        }
        if self.open.len() >= MAX_ASKED {
            return None;
        }
        self.last += 1;
        self.open.insert(self.last, (Arc::downgrade(connection), id));
        Some(self.last.into())
    }

    /// Forgets the request under our id: whose it is, and its own id.
    pub(super) fn take(&mut self, ours: &Value) -> Option<(Weak<Connection>, Value)> {
        let Value::Number(ours) = ours else { return None };
        self.open.remove(&ours.as_str().parse().ok()?)
    }

    /// Forgets the request of this connection under its own id: our id.
    fn withdraw(&mut self, connection: &Arc<Connection>, theirs: &Value) -> Option<Value> {
        let of = Arc::downgrade(connection);
        let (ours, _) = self.open.iter().find(|(_, (known, id))| known.ptr_eq(&of) && id == theirs)?;
        let ours = *ours;
        self.open.remove(&ours);
        Some(ours.into())
    }
}

impl Inner {
    /// A request for the agent, or the refusal that the upstream gets when it cannot be asked.
    pub(super) async fn take_request(
        &self,
        connection: &Arc<Connection>,
        origin: Option<u64>,
        request: Request,
    ) {
        let (theirs, is_ping) = (request.id.clone(), request.method == "ping");
        if self.is_stateless() {
            let refusal = Response::error(
                theirs,
                code::METHOD_NOT_FOUND,
                "this protocol version has no requests to the agent",
            );
            return log(connection, connection.tell(Outgoing::answer(refusal)).await);
        }
        let Some(ours) = self.asked().add(connection, theirs.clone()) else {
            let refusal = Response::error(theirs, code::BUSY, "too many requests wait for the agent");
            return log(connection, connection.tell(Outgoing::answer(refusal)).await);
        };
        let stream = stream_for(connection, origin, None);
        let answer = if is_ping && stream.is_none() && !self.listening.load(Ordering::Relaxed) {
            // We are the upstream's peer while the agent cannot be reached.
            Response::result(theirs, Value::Map(Map::default()))
        } else if self.deliver(stream, request.with_id(ours.clone()).into()).await {
            return;
        } else {
            Response::error(theirs, code::BUSY, "the agent has no stream open to be asked on")
        };
        self.asked().take(&ours);
        log(connection, connection.tell(Outgoing::answer(answer)).await);
    }

    pub(super) async fn take_notification(
        &self,
        connection: &Arc<Connection>,
        origin: Option<u64>,
        notification: Notification,
    ) {
        let param = |key| notification.params().and_then(|params| params.get(key)).cloned();
        let mut token = None;
        let notification = match notification.method.as_str() {
            "notifications/tools/list_changed" => {
                self.tool_changes.fetch_add(1, Ordering::Relaxed);
                notification
            }
            "notifications/progress" => {
                token = param("progressToken").map(|token| token.to_json());
                notification
            }
            "notifications/cancelled" => {
                let theirs = param("requestId");
                let ours = theirs.and_then(|theirs| self.asked().withdraw(connection, &theirs));
                // Nobody was asked that, or has answered it.
                let Some(ours) = ours else { return };
                notification.with_param("requestId", ours)
            }
            _ => notification,
        };
        let is_standing = origin.is_none() && is_about_no_request(&notification.method);
        let stream = if is_standing && self.listening.load(Ordering::Relaxed) {
            None
        } else {
            stream_for(connection, origin, token.as_deref())
        };
        if !self.deliver(stream, notification.into()).await {
            tracing::warn!(upstream = %connection.name, "a notification is dropped: the agent reads too slowly");
        }
    }

    async fn deliver(&self, stream: Option<mpsc::Sender<StreamItem>>, message: Value) -> bool {
        if let Some(stream) = stream
            && let Ok(Ok(place)) = timeout(SEND_LIMIT, stream.reserve()).await
        {
            place.send(StreamItem::Message(message));
            return true;
        }
        FromUpstream::new(message, &self.waiting_bytes)
            .is_some_and(|message| self.to_agent.try_send(message).is_ok())
    }
}

/// Whether a notification of this kind never answers to a request.
fn is_about_no_request(method: &str) -> bool {
    method.ends_with("/list_changed") || method == "notifications/resources/updated"
}

fn stream_for(
    connection: &Connection,
    origin: Option<u64>,
    token: Option<&str>,
) -> Option<mpsc::Sender<StreamItem>> {
    let pending = &connection.pending;
    origin
        .and_then(|origin| pending.stream_of(origin))
        .or_else(|| pending.stream_by_token(token?))
        .or_else(|| if connection.is_stdio() { pending.newest_stream() } else { None })
}

fn log(connection: &Connection, sent: Result<(), UpstreamError>) {
    if let Err(error) = sent {
        tracing::debug!(upstream = %connection.name, error = %error.for_agent(), "an answer did not go up");
    }
}
