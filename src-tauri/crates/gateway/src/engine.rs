//! Opens a home and runs everything in it: listener, socket, desk, journal, set. Others hold it as an `Arc`.
//!
//! Starting either gives a whole engine or says what is wrong and what to do; nothing runs half.

use crate::away::{self, AwayDigest};
use crate::ceremony::Proofs;
use crate::changed_tools::ChangedTools;
use crate::checking::{self, Checked};
use crate::clock::Clock;
use crate::continuations::Continuations;
use crate::desk::{self, Again, Desk, DeskEvent};
use crate::history::{self, KeptHistory};
use crate::home::{Agent, AgentBook, Home, Settings, UpstreamBook};
use crate::keychain::Keychain;
use crate::knocks::Knocks;
use crate::opened::Opened;
use crate::pace::{Counts, Pace};
use crate::pausing::Pausing;
use crate::presence::Presence;
use crate::reset::{self, Reset};
use crate::secrets::Supply;
use crate::sets::Sets;
use crate::sightings::Sightings;
use crate::start_error::StartError;
use crate::tasks::Tasks;
use crate::{downstream, judging, socket};
use approvals::{HeldCall, ReleaseId};
use axum::http::HeaderMap;
use journal::{Entry, Journal, JournalError};
use policy::{AgentName, Timestamp, UpstreamName, UserId};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How a home is opened.
#[derive(Clone, Debug)]
pub struct Options {
    pub home: PathBuf,
    /// Instead of the home's own address.
    pub listen: Option<SocketAddr>,
    pub on_change: ChangePolicy,
}

/// What happens to policy files that differ from what was last confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangePolicy {
    /// They wait for a click in the window.
    ConfirmInWindow,
    /// `serve`: a start takes them; later changes wait for the next start.
    TakeAtStart,
}

/// Which way a message came in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    Tcp,
    /// The home's socket: a process of the same user.
    Unix,
}

/// Why an agent is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("no token: send `Authorization: Bearer TOKEN` with the token that `doorward agent add` printed")]
    Missing,
    #[error("this token is not known here: make a new one with `doorward agent add`")]
    Wrong,
    #[error("no such agent: name one with the header `Doorward-Agent`, or add it with `doorward agent add`")]
    UnknownAgent,
}

/// See the module.
pub struct Engine {
    home: Home,
    desk: Arc<Desk>,
    journal: Arc<Journal>,
    sets: Arc<Sets>,
    supply: Supply,
    pub(crate) proofs: Proofs,
    pub(crate) reset: Reset,
    pub(crate) kept: KeptHistory,
    pub(crate) checked: Checked,
    pub(crate) keychain: Arc<dyn Keychain>,
    agents: RwLock<AgentBook>,
    upstreams: RwLock<UpstreamBook>,
    pub(crate) pausing: Pausing,
    seen: Mutex<BTreeMap<AgentName, Seen>>,
    pub(crate) sightings: Sightings,
    pub(crate) changed_tools: ChangedTools,
    pub(crate) presence: Presence,
    pub(crate) knocks: Knocks,
    pub(crate) away: Mutex<Option<AwayDigest>>,
    upstream_errors: Mutex<BTreeMap<UpstreamName, String>>,
    sessions: downstream::Sessions,
    listen: SocketAddr,
    stopping: CancellationToken,
    tasks: TaskTracker,
    continuations: Continuations,
    born: Tasks,
    watcher: Mutex<Option<notify::RecommendedWatcher>>,
    watched: crate::connecting::Watched,
}

/// What is known of an agent since the start.
#[derive(Default)]
struct Seen {
    last: Option<Timestamp>,
    pace: Pace,
}

impl Engine {
    /// Opens the home and starts serving.
    ///
    /// # Errors
    /// Any part that cannot be had, in words with a next step; nothing runs then.
    pub async fn start(options: Options) -> Result<Arc<Engine>, StartError> {
        Engine::start_with_clock(options, Clock::system()).await
    }

    /// The same with a clock of the caller's.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub async fn start_with_clock(options: Options, clock: Clock) -> Result<Arc<Engine>, StartError> {
        Engine::start_with(options, clock, None).await
    }

    /// The same with a keychain of the caller's in place of the home's, such as one that outlives the engine.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub async fn start_with(
        options: Options,
        clock: Clock,
        keychain: Option<Arc<dyn Keychain>>,
    ) -> Result<Arc<Engine>, StartError> {
        let home_dir = options.home.clone();
        let open_clock = clock.clone();
        let opened = tokio::task::spawn_blocking(move || {
            Opened::open(&home_dir, options.on_change, open_clock, keychain)
        })
        .await
        .map_err(|error| StartError::Client(error.to_string()))??;
        let listen = options.listen.unwrap_or(opened.home.settings().listen);
        crate::home::loopback(listen)?;
        let listener = TcpListener::bind(listen).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => StartError::PortInUse(listen),
            _ => StartError::Listen(listen, error),
        })?;
        let socket_path = opened.home.socket_path();
        let socket = socket::bind(&socket_path).map_err(|error| StartError::Socket(socket_path, error))?;
        let engine = Arc::new(Engine {
            listen: listener.local_addr().map_err(|error| StartError::Listen(listen, error))?,
            home: opened.home,
            presence: opened.desk.presence().clone(),
            desk: opened.desk,
            journal: opened.journal,
            sets: Arc::new(opened.sets),
            supply: opened.supply,
            proofs: opened.proofs,
            reset: opened.reset,
            kept: opened.kept,
            checked: Checked::default(),
            keychain: opened.keychain,
            agents: RwLock::new(opened.agents),
            upstreams: RwLock::new(opened.upstreams),
            pausing: opened.pausing,
            seen: Mutex::default(),
            sightings: Sightings::default(),
            changed_tools: ChangedTools::default(),
            knocks: Knocks::default(),
            away: Mutex::default(),
            upstream_errors: Mutex::default(),
            sessions: downstream::Sessions::default(),
            stopping: CancellationToken::new(),
            tasks: opened.tasks,
            continuations: Continuations::default(),
            born: Tasks::default(),
            watcher: Mutex::new(None),
            watched: crate::connecting::Watched::default(),
        });
        engine.recall_callers();
        engine.proofs.note_state(&engine);
        engine.note_foreign_reset();
        engine.run(listener, socket);
        Ok(engine)
    }

    fn run(self: &Arc<Self>, listener: TcpListener, socket: tokio::net::UnixListener) {
        self.tasks.spawn(downstream::serve_tcp(Arc::clone(self), listener, self.stopping.clone()));
        self.tasks.spawn(socket::serve(Arc::clone(self), socket, self.stopping.clone()));
        let (desk, stopping, away) =
            (Arc::clone(&self.desk), self.stopping.clone(), away::keep(Arc::clone(self)));
        self.tasks.spawn(async move {
            tokio::select! {
                () = Arc::clone(&desk).watch_presence() => {}
                () = desk.watch_deadlines() => {}
                () = away => {}
                () = stopping.cancelled() => {}
            }
        });
        self.tasks.spawn(history::keep(Arc::clone(self)));
        self.tasks.spawn(checking::check(Arc::clone(self)));
        self.tasks.spawn(reset::keep(Arc::clone(self)));
        self.watch_files();
        self.watch_agents();
    }

    /// Looks at the policy files whenever something touches them. The watcher's thread holds the engine only
    /// weakly, so that it ends with it.
    fn watch_files(self: &Arc<Self>) {
        use notify::Watcher as _;
        let weak = Arc::downgrade(self);
        let policies = self.home.policies_dir();
        let policies_seen = policies.clone();
        let books = [self.home.people_path(), self.home.agents_path(), self.home.upstreams_path()];
        let look = move |event: notify::Result<notify::Event>| {
            let concerns = event.as_ref().map_or(true, |event| {
                !event.kind.is_access()
                    && event.paths.iter().any(|path| path.starts_with(&policies_seen) || books.contains(path))
            });
            if let (true, Some(engine)) = (concerns, weak.upgrade()) {
                engine.look_at_files();
            }
        };
        let watcher = notify::recommended_watcher(look).and_then(|mut watcher| {
            watcher.watch(&policies, notify::RecursiveMode::Recursive)?;
            watcher.watch(self.home.dir(), notify::RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        match watcher {
            Ok(watcher) => *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(watcher),
            Err(error) => {
                tracing::warn!(%error, "policy files are not watched; the window looks when it is opened")
            }
        }
    }

    /// Compares the files with what is in force; a difference waits for confirmation. Blocks on the disk.
    pub fn look_at_files(&self) {
        let before = self.sets.waiting().map(|waiting| waiting.hash);
        if let Err(error) = self.sets.look_at_disk() {
            tracing::warn!(%error, "the policy files could not be looked at");
            return;
        }
        if self.sets.waiting().map(|waiting| waiting.hash) != before {
            self.desk.send(DeskEvent::SetChanged);
        }
    }

    /// Ends every session and stops listening; holds stay in the journal.
    pub async fn shutdown(&self) {
        self.stopping.cancel();
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.sessions.close_all().await;
        self.tasks.close();
        self.tasks.wait().await;
        // Whoever still holds the journal, nothing of it waits in memory when the process ends; and the keychain
        // knows how far it goes.
        let (journal, sets) = (Arc::clone(&self.journal), Arc::clone(&self.sets));
        let settled = tokio::task::spawn_blocking(move || journal.settle().map(|()| sets.note_newest()));
        if let Ok(Err(error)) = settled.await {
            tracing::error!(%error, "the last entries could not be written");
        }
        let _ = std::fs::remove_file(self.home.socket_path());
    }

    #[must_use]
    pub fn listen_addr(&self) -> SocketAddr {
        self.listen
    }

    #[must_use]
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    #[must_use]
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    #[must_use]
    pub fn sets(&self) -> &Sets {
        &self.sets
    }

    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.home.settings()
    }

    /// What sessions with upstreams are given.
    pub(crate) fn supply(&self) -> &Supply {
        &self.supply
    }

    pub(crate) fn sessions(&self) -> &downstream::Sessions {
        &self.sessions
    }

    /// Cancelled when the engine stops.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    pub(crate) fn watched(&self) -> &crate::connecting::Watched {
        &self.watched
    }

    pub(crate) fn continuations(&self) -> &Continuations {
        &self.continuations
    }

    /// The upstreams' tasks that came of agents' calls.
    pub(crate) fn born_tasks(&self) -> &Tasks {
        &self.born
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// The user id by which this desk's owner votes. Without people nobody can vote, and everything is denied.
    #[must_use]
    pub fn owner_id(&self) -> Option<UserId> {
        self.sets.current().people.owner().map(|owner| owner.id.clone())
    }

    /// What the set of this moment concludes on a held call, with its frozen facts.
    pub(crate) fn judge_again(&self, held: &HeldCall) -> policy::Decision {
        judging::judge_again(&self.sets.current().set, held)
    }

    /// What counts at the moment of a release.
    pub(crate) fn again(&self, held: &HeldCall) -> Again {
        let in_force = self.sets.current();
        Again { decision: judging::judge_again(&in_force.set, held), voters: desk::voters(&in_force.people) }
    }

    /// A change of the set came into force: open holds are judged again, and their votes looked at again. Blocks on
    /// the disk.
    pub fn set_changed(&self) {
        self.follow_books();
        // The owner may be somebody else now, and the passphrase is theirs.
        self.proofs.tell_desk(self);
        self.desk.rejudge(|held| self.judge_again(held));
        if self.sets.current().problem.is_none() {
            self.desk.follow_people(&self.sets.current().people);
        }
        self.desk.send(DeskEvent::SetChanged);
    }

    // Agents and upstreams.

    pub(crate) fn write_agents(&self) -> std::sync::RwLockWriteGuard<'_, AgentBook> {
        self.agents.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write_upstreams(&self) -> std::sync::RwLockWriteGuard<'_, UpstreamBook> {
        self.upstreams.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read_agents(&self) -> std::sync::RwLockReadGuard<'_, AgentBook> {
        self.agents.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read_upstreams(&self) -> std::sync::RwLockReadGuard<'_, UpstreamBook> {
        self.upstreams.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who sends this: by token over loopback, by name over the home's socket.
    pub(crate) fn identify(&self, headers: &HeaderMap, peer: Peer) -> Result<Agent, AuthError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let agent = match peer {
            Peer::Tcp => {
                let header = text("authorization").ok_or(AuthError::Missing)?;
                let (scheme, token) = header.split_once(' ').ok_or(AuthError::Wrong)?;
                if !scheme.eq_ignore_ascii_case("bearer") {
                    return Err(AuthError::Missing);
                }
                self.read_agents().authenticate(token.trim()).ok_or(AuthError::Wrong)?
            }
            Peer::Unix => {
                let name = text("doorward-agent").ok_or(AuthError::UnknownAgent)?;
                self.read_agents().by_name(name).ok_or(AuthError::UnknownAgent)?
            }
        };
        self.seen().entry(agent.name.clone()).or_default().last = Some(self.desk.clock().now());
        Ok(agent)
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<AgentName, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call of this agent and says how many came before it.
    pub(crate) fn count_call(
        &self,
        agent: &AgentName,
        upstream: &UpstreamName,
        tool: &str,
        now: Timestamp,
    ) -> Counts {
        self.seen().entry(agent.clone()).or_default().pace.count(upstream.as_str(), tool, now)
    }

    /// When an agent was last heard of since the start.
    #[must_use]
    pub fn last_seen(&self, agent: &AgentName) -> Option<Timestamp> {
        self.seen().get(agent).and_then(|seen| seen.last)
    }

    /// An agent as it is paired now.
    pub(crate) fn agent(&self, name: &AgentName) -> Option<Agent> {
        self.read_agents().by_name(name.as_str())
    }

    /// Paired agents.
    #[must_use]
    pub fn agents(&self) -> Vec<crate::home::AgentRow> {
        self.read_agents().list().to_vec()
    }

    /// Records what was done already: a journal that cannot take it is told in the log, and refuses calls itself.
    pub(crate) fn note(&self, entry: Entry) {
        if let Err(error) = self.journal.record(entry) {
            tracing::error!(%error, "a change could not be recorded");
        }
    }

    pub(crate) fn note_upstream_error(&self, upstream: &UpstreamName, error: &str) {
        tracing::warn!(%upstream, error, "an upstream failed");
        self.upstream_errors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(upstream.clone(), error.to_owned());
        self.desk.send(DeskEvent::Upstreams);
    }

    /// What last went wrong with an upstream since the start.
    #[must_use]
    pub fn upstream_error(&self, upstream: &UpstreamName) -> Option<String> {
        self.upstream_errors.lock().unwrap_or_else(PoisonError::into_inner).get(upstream).cloned()
    }

    /// Sessions open to an upstream.
    #[must_use]
    pub fn upstream_sessions(&self, upstream: &str) -> usize {
        self.sessions.count(upstream)
    }

    // Randomness.

    pub(crate) fn random(&self) -> Result<[u8; 16], JournalError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(JournalError::NoRandomness)?;
        Ok(bytes)
    }

    pub(crate) fn release_id(&self) -> Result<ReleaseId, JournalError> {
        Ok(ReleaseId::from_random(self.random()?))
    }
}
