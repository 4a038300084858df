//! Sessions of agents: an unguessable id, tied to the agent and the upstream it was opened for, and the one
//! session with the upstream behind it. In the stateless era, which has no ids, the process that the requests come
//! from stands for the session. Bounded in number and in idle time.

use super::{exchange::From, refuse::Refused, session::AgentSession};
use crate::{
    message::{Request, code},
    waits::Era,
};
use axum::http::StatusCode;
use policy::{AgentName, UpstreamName};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// Most sessions of one agent; the longest idle one makes room.
const MAX_SESSIONS: usize = 32;
/// A session that nothing was heard of for so long is closed.
const IDLE_LIMIT: Duration = Duration::from_secs(4 * 60 * 60);
/// The same in the stateless era, where nobody says that a session is over.
const STATELESS_IDLE_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Most sessions that are opened at once; each may start a process. Whoever comes next waits.
const MAX_OPENING: usize = 32;

/// Every open session, by id.
pub(crate) struct Sessions {
    open: Mutex<BTreeMap<String, Arc<AgentSession>>>,
    /// Sessions without an id: one for each process that an agent's requests come from.
    stateless: Mutex<BTreeMap<Process, Arc<AgentSession>>>,
    /// Held while one of those is opened, so that it is opened once.
    stateless_opening: tokio::sync::Mutex<()>,
    /// Set when the gateway stops: what was being opened meanwhile is not entered any more.
    closed: AtomicBool,
    opening: Semaphore,
}

/// Whose stateless requests belong together: the agent's, to one upstream, from one process where that is known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    agent: AgentName,
    upstream: UpstreamName,
    pid: Option<u32>,
    /// Where a whole connection is one process's: its number.
    connection: Option<u64>,
}

impl Default for Sessions {
    fn default() -> Sessions {
        let opening = Semaphore::new(MAX_OPENING);
        Sessions {
            open: Mutex::default(),
            stateless: Mutex::default(),
            stateless_opening: tokio::sync::Mutex::default(),
            closed: AtomicBool::new(false),
            opening,
        }
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
        session.is_heard();
        Some(session)
    }

    /// The session that stands for the process behind this connection, opened with its first request.
    pub(super) async fn stateless(
        &self,
        from: &From,
        request: &Request,
    ) -> Result<Arc<AgentSession>, Refused> {
        let process = Process::behind(from).await;
        let _opening = self.stateless_opening.lock().await;
        if let Some(session) = self.stateless_map().get(&process).cloned() {
            session.is_heard();
            return Ok(session);
        }
        let refused =
            |message| Refused::new(StatusCode::TOO_MANY_REQUESTS, code::BUSY, message).to(&request.id);
        if !self.makes_room(&process.agent) {
            return Err(refused("too many processes of this agent are at work: wait for some to end"));
        }
        let session = from.open_stateless(request).await?;
        if self.closed.load(Ordering::Acquire) {
            return Err(refused("Doorward is stopping: try again when it runs"));
        }
        self.stateless_map().insert(process, Arc::clone(&session));
        Ok(session)
    }

    /// False when every stateless session of this agent is at work, and there are too many.
    fn makes_room(&self, agent: &AgentName) -> bool {
        let mut map = self.stateless_map();
        let of_agent: Vec<_> = map.iter().filter(|(process, _)| process.agent == *agent).collect();
        if of_agent.len() < MAX_SESSIONS {
            return true;
        }
        let idle = of_agent.into_iter().filter(|(_, session)| !session.is_busy());
        let oldest = idle.min_by_key(|(_, session)| session.last_heard()).map(|(process, _)| process.clone());
        let removed = oldest.and_then(|oldest| map.remove(&oldest));
        let is_room = removed.is_some();
        close_later(removed);
        is_room
    }

    /// The same session, if there is one already.
    pub(super) async fn known_stateless(&self, from: &From) -> Option<Arc<AgentSession>> {
        let process = Process::behind(from).await;
        self.stateless_map().get(&process).cloned()
    }

    /// A stateless session is of no use any more.
    pub(super) fn forget(&self, session: &AgentSession) {
        let is_meant = |known: &AgentSession| std::ptr::eq(known, session);
        close_later(remove_where(&mut self.stateless_map(), is_meant));
    }

    /// Its id, or none when this agent's sessions are too many and all of them busy, or the gateway stops.
    pub(super) fn insert(&self, session: AgentSession) -> Option<(String, Arc<AgentSession>)> {
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
        let session = Arc::new(session);
        map.insert(id.clone(), Arc::clone(&session));
        Some((id, session))
    }

    /// The agent ends its session.
    pub(super) fn end(&self, id: &str) {
        close_later(self.map().remove(id));
    }

    /// Closes what nothing was heard of for too long.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        let is_stale = |session: &AgentSession| {
            let limit = match session.era() {
                Era::Legacy => IDLE_LIMIT,
                Era::Modern => STATELESS_IDLE_LIMIT,
            };
            now.saturating_duration_since(session.last_heard()) >= limit && !session.is_busy()
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
        let is_meant = |session: &&Arc<AgentSession>| session.upstream.as_str() == upstream;
        self.map().values().filter(is_meant).count() + self.stateless_map().values().filter(is_meant).count()
    }

    fn remove_where(&self, is_meant: impl Fn(&AgentSession) -> bool) -> Vec<Arc<AgentSession>> {
        let mut removed = remove_where(&mut self.map(), &is_meant);
        removed.extend(remove_where(&mut self.stateless_map(), &is_meant));
        removed
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<String, Arc<AgentSession>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stateless_map(&self) -> MutexGuard<'_, BTreeMap<Process, Arc<AgentSession>>> {
        self.stateless.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    async fn behind(from: &From) -> Process {
        let (agent, upstream) = (from.agent.name.clone(), from.upstream.name.clone());
        let pid = from.connected.process().await.pid;
        Process { agent, upstream, pid, connection: from.connected.number }
    }
}

fn remove_where<K: Ord>(
    map: &mut BTreeMap<K, Arc<AgentSession>>,
    is_meant: impl Fn(&AgentSession) -> bool,
) -> Vec<Arc<AgentSession>> {
    map.extract_if(.., |_, session| is_meant(session)).map(|(_, session)| session).collect()
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
    use crate::downstream::session::{Declared, MAX_IN_FLIGHT, Turn};
    use crate::home::{Transport, UpstreamConfig};
    use crate::upstream::UpstreamSession;
    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    /// Nothing is sent to this upstream, so it need not be there.
    async fn session(agent: &str) -> AgentSession {
        let transport = Transport::Http { url: "http://127.0.0.1:9/mcp".to_owned(), headers: [].into() };
        let name: UpstreamName = "files".parse().unwrap();
        let config = UpstreamConfig::new(name.clone(), transport, false).unwrap();
        let (to_agent, standing) = mpsc::channel(1);
        let up = UpstreamSession::open(&config, &crate::secrets::Supply::default(), to_agent).await.unwrap();
        AgentSession::new(agent.parse().unwrap(), (name, up), Some(standing), Declared::default())
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
            ids.push(sessions.insert(session("claude").await).unwrap().0);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let other = sessions.insert(session("codex").await).unwrap().0;
        // The oldest is at work, the second oldest was heard of just now: the third goes.
        let _turn = busy(&sessions, &ids[0]);
        sessions.find(&ids[1], &"claude".parse().unwrap(), "files").unwrap();
        let new = sessions.insert(session("claude").await).unwrap().0;
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
        let idle = sessions.insert(session("claude").await).unwrap().0;
        let working = sessions.insert(session("claude").await).unwrap().0;
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
        assert!(sessions.insert(session("claude").await).is_none());
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
