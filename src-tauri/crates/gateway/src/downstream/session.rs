//! One agent's session with one upstream, and the requests in it. Sessions are kept in `sessions.rs`.

use super::event_log::EventLog;
use crate::{
    message::{META_CAPABILITIES, META_CLIENT, Notification, Request},
    pipeline::StreamItem,
    upstream::{FromUpstream, UpstreamSession},
    waits::Era,
};
use policy::{AgentName, UpstreamName, Value};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

/// Most requests of one session at once.
pub(super) const MAX_IN_FLIGHT: usize = 128;
/// Most streams of one session that are kept for an agent to come back to.
const MAX_LOGS: usize = 16;
/// Claimed names are shown to people; this much of one is enough.
const MAX_CLAIMED: usize = 100;
/// The first version whose agents can come back to the stream of an answer.
const RESUMES_SINCE: &str = "2025-11-25";

/// What an agent says of itself; claimed.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    /// `clientInfo` as one line.
    pub(super) client: Option<String>,
    /// It can show a person an address (URL elicitation).
    pub(super) takes_urls: bool,
}

/// One agent's session with one upstream.
pub(super) struct AgentSession {
    pub(super) agent: AgentName,
    pub(super) upstream: UpstreamName,
    pub(super) up: UpstreamSession,
    pub(super) declared: Declared,
    /// The protocol version the upstream answered with; none in the stateless era.
    pub(super) version: Option<String>,
    /// What belongs to no request; read by whoever holds the standing stream. None in the stateless era.
    pub(super) standing: tokio::sync::Mutex<Option<mpsc::Receiver<FromUpstream>>>,
    era: Era,
    logs: Mutex<Logs>,
    pub(super) ended: CancellationToken,
    standing_turn: Mutex<CancellationToken>,
    in_flight: Mutex<Requests>,
}

/// Streams that an agent can come back to, by their number.
#[derive(Default)]
struct Logs {
    last: u64,
    kept: BTreeMap<u64, Arc<EventLog>>,
}

struct Requests {
    last: u64,
    open: BTreeMap<u64, InFlight>,
    last_heard: Instant,
}

struct InFlight {
    id: Value,
    cancelled: CancellationToken,
    stream: mpsc::Sender<StreamItem>,
}

/// A request's entry; goes with it.
pub(super) struct Turn {
    session: Arc<AgentSession>,
    number: u64,
}

impl Declared {
    /// By the request that opens a session.
    pub(super) fn in_initialize(request: &Request) -> Declared {
        let said = |key| request.params().and_then(|params| params.get(key));
        Declared::of(said("clientInfo"), said("capabilities"))
    }

    /// By each request of the stateless era.
    pub(super) fn in_request(request: &Request) -> Declared {
        Declared::of(request.meta(META_CLIENT), request.meta(META_CAPABILITIES))
    }

    fn of(info: Option<&Value>, capabilities: Option<&Value>) -> Declared {
        let part = |key| info.and_then(|info| info.get(key)).and_then(Value::as_text);
        let line = part("name").map(|name| match part("version") {
            Some(version) => format!("{name} {version}"),
            None => name.to_owned(),
        });
        let elicits = capabilities.and_then(|capabilities| capabilities.get("elicitation"));
        Declared {
            client: line.map(|line| line.chars().take(MAX_CLAIMED).collect()),
            takes_urls: elicits.is_some_and(|elicitation| elicitation.get("url").is_some()),
        }
    }
}

impl AgentSession {
    /// `standing` is what makes it a session of an older era.
    pub(super) fn new(
        agent: AgentName,
        up: (UpstreamName, UpstreamSession),
        standing: Option<mpsc::Receiver<FromUpstream>>,
        declared: Declared,
    ) -> AgentSession {
        let (upstream, up) = up;
        let version =
            up.server_info().and_then(|info| Some(info.get("protocolVersion")?.as_text()?.to_owned()));
        AgentSession {
            agent,
            upstream,
            up,
            declared,
            version,
            era: if standing.is_some() { Era::Legacy } else { Era::Modern },
            logs: Mutex::default(),
            standing: tokio::sync::Mutex::new(standing),
            ended: CancellationToken::new(),
            standing_turn: Mutex::default(),
            in_flight: Mutex::new(Requests { last: 0, open: BTreeMap::new(), last_heard: Instant::now() }),
        }
    }

    pub(super) fn era(&self) -> Era {
        self.era
    }

    /// The log of a new stream, kept where the agent's version can come back to it.
    pub(super) fn new_log(&self) -> Arc<EventLog> {
        if self.version.as_deref().is_none_or(|version| version < RESUMES_SINCE) {
            return EventLog::new(None);
        }
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.kept.retain(|_, log| !log.is_over());
        if logs.kept.len() >= MAX_LOGS {
            // Whoever reads it goes on; it cannot be come back to any more.
            logs.kept.pop_first();
        }
        logs.last += 1;
        let (number, log) = (logs.last, EventLog::new(Some(logs.last)));
        logs.kept.insert(number, Arc::clone(&log));
        log
    }

    /// The log of a stream that the agent comes back to.
    pub(super) fn log(&self, number: u64) -> Option<Arc<EventLog>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).kept.get(&number).cloned()
    }

    /// Enters a request; none when the session has too many.
    pub(super) fn start(
        self: &Arc<Self>,
        id: &Value,
        cancelled: CancellationToken,
        stream: mpsc::Sender<StreamItem>,
    ) -> Option<Turn> {
        let mut requests = self.requests();
        if requests.open.len() >= MAX_IN_FLIGHT {
            return None;
        }
        requests.last += 1;
        let number = requests.last;
        requests.open.insert(number, InFlight { id: id.clone(), cancelled, stream });
        Some(Turn { session: Arc::clone(self), number })
    }

    /// The agent takes a request back: what is up is told there, what is held loses its waiter.
    pub(super) async fn cancel(&self, notification: Notification) {
        let found = {
            let requests = self.requests();
            let id = notification.params().and_then(|params| params.get("requestId"));
            let mut newest_first = requests.open.values().rev();
            let found = newest_first.find(|request| Some(&request.id) == id);
            found.map(|request| (request.cancelled.clone(), request.stream.clone()))
        };
        if let Some((cancelled, stream)) = found {
            self.up.cancel(&stream, notification).await;
            cancelled.cancel();
        }
    }

    /// The right to the standing stream; whoever had it loses it.
    pub(super) fn take_standing_turn(&self) -> CancellationToken {
        let turn = CancellationToken::new();
        let mut current = self.standing_turn.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, turn.clone()).cancel();
        turn
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.requests().open.is_empty() || self.standing.try_lock().is_err()
    }

    pub(super) fn last_heard(&self) -> Instant {
        self.requests().last_heard
    }

    /// Something was heard of it just now.
    pub(super) fn is_heard(&self) {
        self.requests().last_heard = Instant::now();
    }

    /// Ends every wait of this session, and its upstream's session.
    pub(super) async fn close(&self) {
        self.ended.cancel();
        let open: Vec<_> = self.requests().open.values().map(|request| request.cancelled.clone()).collect();
        self.up.clone().close().await;
        for cancelled in open {
            cancelled.cancel();
        }
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut requests = self.session.requests();
        requests.open.remove(&self.number);
        requests.last_heard = Instant::now();
    }
}
