//! Sessions of agents: an unguessable id, tied to the agent and the upstream it was opened for, and the one
//! session with the upstream behind it. Bounded in number and in idle time.

use crate::{
    message::Notification,
    pipeline::StreamItem,
    upstream::{FromUpstream, UpstreamSession},
};
use policy::{AgentName, UpstreamName, Value};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Most sessions of one agent; the longest idle one makes room.
const MAX_SESSIONS: usize = 32;
/// Most requests of one session at once.
const MAX_IN_FLIGHT: usize = 128;
/// A session that nothing was heard of for so long is closed.
const IDLE_LIMIT: Duration = Duration::from_secs(4 * 60 * 60);

/// Most sessions that are opened at once; each may start a process. Whoever comes next waits.
const MAX_OPENING: usize = 32;

/// Every open session, by id.
pub(crate) struct Sessions {
    open: Mutex<BTreeMap<String, Arc<AgentSession>>>,
    /// Set when the gateway stops: what was being opened meanwhile is not entered any more.
    closed: AtomicBool,
    opening: Semaphore,
}

/// One agent's session with one upstream.
pub(super) struct AgentSession {
    pub(super) agent: AgentName,
    pub(super) upstream: UpstreamName,
    pub(super) up: UpstreamSession,
    /// `clientInfo` as the agent gave it; claimed.
    pub(super) claimed_client: Option<String>,
    /// The protocol version the upstream answered with.
    pub(super) version: Option<String>,
    /// What belongs to no request; read by whoever holds the standing stream.
    pub(super) standing: tokio::sync::Mutex<mpsc::Receiver<FromUpstream>>,
    pub(super) ended: CancellationToken,
    standing_turn: Mutex<CancellationToken>,
    in_flight: Mutex<Requests>,
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

impl AgentSession {
    pub(super) fn new(
        agent: AgentName,
        up: (UpstreamName, UpstreamSession),
        standing: mpsc::Receiver<FromUpstream>,
        claimed_client: Option<String>,
    ) -> AgentSession {
        let (upstream, up) = up;
        let version =
            up.server_info().and_then(|info| Some(info.get("protocolVersion")?.as_text()?.to_owned()));
        AgentSession {
            agent,
            upstream,
            up,
            claimed_client,
            version,
            standing: tokio::sync::Mutex::new(standing),
            ended: CancellationToken::new(),
            standing_turn: Mutex::default(),
            in_flight: Mutex::new(Requests { last: 0, open: BTreeMap::new(), last_heard: Instant::now() }),
        }
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

    fn is_busy(&self) -> bool {
        !self.requests().open.is_empty() || self.standing.try_lock().is_err()
    }

    fn last_heard(&self) -> Instant {
        self.requests().last_heard
    }

    /// Ends every wait of this session, and its upstream's session.
    async fn close(&self) {
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

impl Default for Sessions {
    fn default() -> Sessions {
        let opening = Semaphore::new(MAX_OPENING);
        Sessions { open: Mutex::default(), closed: AtomicBool::new(false), opening }
    }
}

impl Sessions {
    /// The right to open a session with an upstream; held until it is entered.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.opening.acquire().await.ok()
    }

    /// The session under this id, if it is this agent's and this upstream's; to anybody else it does not exist.
    pub(super) fn find(&self, id: &str, agent: &AgentName, upstream: &str) -> Option<Arc<AgentSession>> {
        let session = self.map().get(id).cloned()?;
        if session.agent != *agent || session.upstream.as_str() != upstream {
            return None;
        }
        session.requests().last_heard = Instant::now();
        Some(session)
    }

    /// Its id, or none when this agent's sessions are too many and all of them busy, or the gateway stops.
    pub(super) fn insert(&self, session: AgentSession) -> Option<String> {
        let id = fresh_id()?;
        let mut map = self.map();
        if self.closed.load(Ordering::Acquire) {
            return None;
        }
        let of_agent: Vec<_> = map.iter().filter(|(_, known)| known.agent == session.agent).collect();
        if of_agent.len() >= MAX_SESSIONS {
            let idle = of_agent.into_iter().filter(|(_, known)| !known.is_busy());
            let oldest = idle.min_by_key(|(_, known)| known.last_heard()).map(|(id, _)| id.clone())?;
            close_later(map.remove(&oldest));
        }
        map.insert(id.clone(), Arc::new(session));
        Some(id)
    }

    /// The agent ends its session.
    pub(super) fn end(&self, id: &str) {
        close_later(self.map().remove(id));
    }

    /// Closes what nothing was heard of for too long.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        let is_stale = |session: &AgentSession| {
            now.saturating_duration_since(session.last_heard()) >= IDLE_LIMIT && !session.is_busy()
        };
        close_later(self.remove_where(is_stale));
    }

    /// Ends the sessions of an agent that was removed.
    pub(crate) fn close_agent(&self, agent: &str) {
        close_later(self.remove_where(|session| session.agent.as_str() == agent));
    }

    /// Ends the sessions with an upstream that was removed.
    pub(crate) fn close_upstream(&self, upstream: &str) {
        close_later(self.remove_where(|session| session.upstream.as_str() == upstream));
    }

    /// Ends every session, and waits for their upstreams.
    pub(crate) async fn close_all(&self) {
        self.closed.store(true, Ordering::Release);
        let mut closing = tokio::task::JoinSet::new();
        for session in self.remove_where(|_| true) {
            closing.spawn(async move { session.close().await });
        }
        closing.join_all().await;
    }

    /// How many sessions an upstream has.
    pub(crate) fn count(&self, upstream: &str) -> usize {
        self.map().values().filter(|session| session.upstream.as_str() == upstream).count()
    }

    fn remove_where(&self, is_meant: impl Fn(&AgentSession) -> bool) -> Vec<Arc<AgentSession>> {
        let mut map = self.map();
        let ids: Vec<String> =
            map.iter().filter(|(_, session)| is_meant(session)).map(|(id, _)| id.clone()).collect();
        ids.iter().filter_map(|id| map.remove(id)).collect()
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<String, Arc<AgentSession>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without a runtime around, dropping the last clone ends the upstream as well.
fn close_later(sessions: impl IntoIterator<Item = Arc<AgentSession>>) {
    for session in sessions {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { session.close().await });
        }
    }
}

/// 128 random bits; none when the system has no randomness to give.
fn fresh_id() -> Option<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::{Transport, UpstreamConfig};

    /// Nothing is sent to this upstream, so it need not be there.
    async fn session(agent: &str) -> AgentSession {
        let transport = Transport::Http { url: "http://127.0.0.1:9/mcp".to_owned(), headers: [].into() };
        let name: UpstreamName = "files".parse().unwrap();
        let config = UpstreamConfig::new(name.clone(), transport, false).unwrap();
        let (to_agent, standing) = mpsc::channel(1);
        let up = UpstreamSession::open(&config, to_agent).await.unwrap();
        AgentSession::new(agent.parse().unwrap(), (name, up), standing, None)
    }

    fn busy(sessions: &Sessions, id: &str) -> (Arc<AgentSession>, Turn) {
        let session = sessions.find(id, &"claude".parse().unwrap(), "files").unwrap();
        let turn = session.start(&1.into(), CancellationToken::new(), mpsc::channel(1).0).unwrap();
        (session, turn)
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_with_too_many_sessions_loses_the_longest_idle_one() {
        let sessions = Sessions::default();
        let mut ids = Vec::new();
        for _ in 0..MAX_SESSIONS {
            ids.push(sessions.insert(session("claude").await).unwrap());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let other = sessions.insert(session("codex").await).unwrap();
        // The oldest is at work, the second oldest was heard of just now: the third goes.
        let _turn = busy(&sessions, &ids[0]);
        sessions.find(&ids[1], &"claude".parse().unwrap(), "files").unwrap();
        let new = sessions.insert(session("claude").await).unwrap();
        let is_open = |id: &str, agent: &str| sessions.find(id, &agent.parse().unwrap(), "files").is_some();
        assert!(!is_open(&ids[2], "claude"));
        assert!([&ids[0], &ids[1], &ids[3], &new].iter().all(|id| is_open(id, "claude")));
        assert!(is_open(&other, "codex"), "each agent has its own room");
        assert!(!is_open(&other, "claude"));
        assert_eq!(sessions.count("files"), MAX_SESSIONS + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_session_is_closed_and_one_at_work_is_not() {
        let sessions = Sessions::default();
        let idle = sessions.insert(session("claude").await).unwrap();
        let working = sessions.insert(session("claude").await).unwrap();
        let (_, turn) = busy(&sessions, &working);
        let ended = sessions.find(&idle, &"claude".parse().unwrap(), "files").unwrap().ended.clone();
        tokio::time::advance(IDLE_LIMIT - Duration::from_secs(1)).await;
        sessions.sweep();
        assert_eq!(sessions.count("files"), 2);
        tokio::time::advance(Duration::from_secs(1)).await;
        sessions.sweep();
        assert_eq!(sessions.count("files"), 1);
        ended.cancelled().await;
        drop(turn);
        sessions.sweep();
        assert_eq!(sessions.count("files"), 1, "it was at work just now");
    }

    #[tokio::test]
    async fn once_all_are_closed_none_is_opened() {
        let sessions = Sessions::default();
        sessions.insert(session("claude").await).unwrap();
        sessions.close_all().await;
        assert_eq!(sessions.count("files"), 0);
        assert_eq!(sessions.insert(session("claude").await), None);
    }

    #[tokio::test]
    async fn a_session_takes_so_many_requests_and_no_more() {
        let session = Arc::new(session("claude").await);
        let start = || session.start(&1.into(), CancellationToken::new(), mpsc::channel(1).0);
        let mut turns: Vec<Turn> = std::iter::from_fn(start).take(MAX_IN_FLIGHT + 1).collect();
        assert_eq!(turns.len(), MAX_IN_FLIGHT);
        turns.pop();
        assert!(start().is_some());
    }
}
