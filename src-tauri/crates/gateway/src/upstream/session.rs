//! One agent session's session with one upstream, across restarts of the upstream.
//!
//! The agent's own `initialize` goes up as it came, and is kept: when the upstream stops, the next request
//! starts it again and introduces the agent anew. What was asked of the stopped one fails; nothing is asked twice.

use super::{
    Along, CallRoute, FromUpstream, Reply, UpstreamError,
    connection::{self, Connection},
    dispatch::Asked,
    listed::{Definition, Known, Listed},
    outgoing::Outgoing,
    reply::fresh_name,
    tools::Tools,
};
use crate::{
    home::UpstreamConfig,
    message::{META_CAPABILITIES, META_CLIENT, META_VERSION, Notification, Request, Response},
    moved,
    pipeline::StreamItem,
    secrets::{Injected, Proven, Supply},
};
use journal::JournalledCall;
use policy::{Map, ToolCall, Value};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long an upstream may take to answer `initialize`; agents wait a minute for any answer.
const INITIALIZE_LIMIT: Duration = Duration::from_secs(55);

/// Cheap to clone; the last clone that goes ends the upstream's session.
#[derive(Clone)]
pub struct UpstreamSession {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) config: UpstreamConfig,
    pub(super) supply: Supply,
    /// What a proof opened, for an upstream that runs for one call; taken by its one start.
    pub(super) unsealed: Option<Mutex<Option<Injected>>>,
    /// Names the agent's session, and no other of any time.
    pub(super) name: String,
    pub(super) to_agent: mpsc::Sender<FromUpstream>,
    pub(super) waiting_bytes: Arc<AtomicUsize>,
    /// Whether the agent has its standing stream open.
    pub(super) listening: AtomicBool,
    pub(super) asked: Mutex<Asked>,
    pub(super) tools: tokio::sync::Mutex<Option<Tools>>,
    known: Known,
    /// The definition by which a released call's tool was another one at last.
    turned: Mutex<Option<Definition>>,
    /// Grows whenever the upstream's tools may have changed.
    pub(super) tool_changes: AtomicU64,
    /// In the stateless era: what the agent last said of itself, for requests of our own.
    stateless: Mutex<Option<Value>>,
    /// Held while the upstream is started again, so that it is started once.
    introduction: tokio::sync::Mutex<Option<Introduction>>,
    closed: CancellationToken,
    current: Mutex<Current>,
}

/// What a restarted upstream is told before anything else.
struct Introduction {
    initialize: Request,
    version: Option<String>,
    initialized: Option<Notification>,
}

#[derive(Default)]
struct Current {
    connection: Option<Arc<Connection>>,
    initialize_result: Option<Value>,
}

impl UpstreamSession {
    /// Starts the upstream's process, or prepares to reach it; one that needs a step-up to run stays off. `to_agent`
    /// gets what belongs to no request.
    ///
    /// # Errors
    /// [`UpstreamError::NotStarted`], or one of its secrets cannot be had.
    pub async fn open(
        config: &UpstreamConfig,
        supply: &Supply,
        to_agent: mpsc::Sender<FromUpstream>,
    ) -> Result<UpstreamSession, UpstreamError> {
        let session = UpstreamSession::of(config, supply, to_agent, None);
        if !session.is_sealed() {
            session.inner.connection().await?;
        }
        Ok(session)
    }

    /// Starts an upstream that stays off otherwise, with what a proof opened; once, and not again when it stops.
    pub(super) async fn open_unsealed(
        config: &UpstreamConfig,
        supply: &Supply,
        to_agent: mpsc::Sender<FromUpstream>,
        opened: Injected,
    ) -> Result<UpstreamSession, UpstreamError> {
        let session = UpstreamSession::of(config, supply, to_agent, Some(Mutex::new(Some(opened))));
        session.inner.connection().await?;
        Ok(session)
    }

    fn of(
        config: &UpstreamConfig,
        supply: &Supply,
        to_agent: mpsc::Sender<FromUpstream>,
        unsealed: Option<Mutex<Option<Injected>>>,
    ) -> UpstreamSession {
        let inner = Arc::new(Inner {
            config: config.clone(),
            supply: supply.clone(),
            unsealed,
            name: fresh_name(),
            to_agent,
            waiting_bytes: Arc::default(),
            listening: AtomicBool::new(false),
            asked: Mutex::default(),
            tools: tokio::sync::Mutex::default(),
            known: Known::default(),
            turned: Mutex::default(),
            tool_changes: AtomicU64::new(0),
            stateless: Mutex::default(),
            introduction: tokio::sync::Mutex::default(),
            closed: CancellationToken::new(),
            current: Mutex::default(),
        });
        UpstreamSession { inner }
    }

    /// The name of this session of the agent's.
    pub(crate) fn name(&self) -> &str {
        &self.inner.name
    }

    /// Introduces Doorward itself, for a session that no agent is behind.
    ///
    /// # Errors
    /// The upstream does not answer, or refuses.
    pub async fn introduce(&self) -> Result<(), UpstreamError> {
        let client =
            Value::object([("name", "doorward".into()), ("version", env!("CARGO_PKG_VERSION").into())]);
        let params = Value::object([
            ("protocolVersion", "2025-11-25".into()),
            ("capabilities", Value::Map(Map::default())),
            ("clientInfo", client),
        ]);
        let reply = self.request("initialize", Some(params), CallRoute::nowhere()).await?;
        match reply.outcome() {
            Ok(_) => self.notify("notifications/initialized", None).await,
            Err(error) => Err(answered(&self.inner.config, "initialize", error)),
        }
    }

    /// Asks anything but a tool to run.
    ///
    /// # Errors
    /// No answer came, or `method` is `tools/call` (I1).
    pub async fn request(
        &self,
        method: &str,
        params: Option<Value>,
        route: CallRoute,
    ) -> Result<Reply, UpstreamError> {
        let response = self.ask(Request::new(0.into(), method, params), route).await?;
        Ok(Reply::from(response))
    }

    /// The same with the envelope as the agent sent it; the answer's id is to be replaced.
    pub(crate) async fn ask(&self, request: Request, route: CallRoute) -> Result<Response, UpstreamError> {
        if let Some(answer) = self.answer_sealed(&request).await {
            return answer;
        }
        if request.method == "initialize" {
            return self.initialize(request, route).await;
        }
        self.send(request, route).await?.answer(None).await
    }

    /// Sends a request as the agent sent it, other than `initialize`; its answer is waited for apart, so that the
    /// next message can follow at once.
    pub(crate) async fn send(
        &self,
        request: Request,
        route: CallRoute,
    ) -> Result<connection::Asked, UpstreamError> {
        let outgoing = Outgoing::request(request)?;
        self.inner.connection().await?.send(outgoing, route).await
    }

    /// From now on this session is of the stateless era; what the request says of its agent is said again
    /// whenever we ask something ourselves.
    pub(crate) fn speaks_for(&self, request: &Request) {
        let mut meta = Map::default();
        for key in [META_VERSION, META_CAPABILITIES, META_CLIENT] {
            if let Some(value) = request.meta(key) {
                meta.insert(key, value.clone());
            }
        }
        *self.inner.stateless.lock().unwrap_or_else(PoisonError::into_inner) = Some(Value::Map(meta));
    }

    /// Sends a released call up: the only way a tool is ever run (I1).
    ///
    /// # Errors
    /// No answer came; [`UpstreamError::was_sent`] tells whether the call may have run.
    pub async fn forward(
        &self,
        call: JournalledCall,
        along: Along,
        route: CallRoute,
    ) -> Result<Reply, UpstreamError> {
        let proven = Proven::by(&call);
        self.forward_with(call, along, route, proven).await
    }

    /// `proven` opens the step-up secrets, where there are any.
    pub(super) async fn forward_with(
        &self,
        call: JournalledCall,
        along: Along,
        route: CallRoute,
        proven: Option<Proven>,
    ) -> Result<Reply, UpstreamError> {
        if self.is_sealed() {
            return self.forward_unsealed(call, along, route, proven).await;
        }
        let secret = self.opened_by(proven).await?;
        let connection = self.inner.connection().await.map_err(UpstreamError::unsent)?;
        let definition = self.offered(call.call()).await.map_err(UpstreamError::unsent)?;
        // The last thing before it is sent: a link may be turned at any moment.
        moved::check(&along.paths, call.call(), &self.inner.config).await?;
        let outgoing = Outgoing::released(call, along, &definition).with_secret(secret);
        connection.ask(outgoing, route, None).await.map(Reply::from)
    }

    /// Sends a notification; `tools/call` is refused here too (I1).
    ///
    /// # Errors
    /// It was not sent.
    pub async fn notify(&self, method: &str, params: Option<Value>) -> Result<(), UpstreamError> {
        self.tell(Notification::new(method, params)).await
    }

    /// The same with the envelope as the agent sent it.
    pub(crate) async fn tell(&self, notification: Notification) -> Result<(), UpstreamError> {
        if self.is_sealed() {
            return Ok(());
        }
        let is_initialized = notification.method == "notifications/initialized";
        let connection = self.inner.connection().await?;
        connection.tell(Outgoing::notification(notification.clone())?).await?;
        if is_initialized {
            if let Some(introduction) = &mut *self.inner.introduction.lock().await {
                introduction.initialized = Some(notification);
            }
            connection.listen();
        }
        Ok(())
    }

    /// Passes the agent's answer to a request of the upstream; an answer to nothing goes nowhere.
    pub(crate) async fn answer(&self, response: Response) -> Result<(), UpstreamError> {
        let asked = self.inner.asked().take(&response.id);
        match asked.and_then(|(connection, id)| Some((connection.upgrade()?, id))) {
            Some((connection, id)) => connection.tell(Outgoing::answer(response.with_id(id))).await,
            None => Ok(()),
        }
    }

    /// Passes the agent's cancel up for the request that came in on `stream`; false if it is not up there.
    pub(crate) async fn cancel(&self, stream: &mpsc::Sender<StreamItem>, as_sent: Notification) -> bool {
        let Some(connection) = self.inner.current().connection.clone() else { return false };
        let Some(id) = connection.pending.cancel(stream) else { return false };
        connection.tell_cancelled(id, Some(as_sent)).await;
        true
    }

    /// The upstream's tools, as it lists them; kept until it says that they changed, or asked `afresh`.
    ///
    /// # Errors
    /// The upstream does not answer, or lists without end.
    pub async fn tools(&self, afresh: bool) -> Result<Arc<Vec<Value>>, UpstreamError> {
        if self.is_sealed() {
            return self.pinned_tools().await;
        }
        self.inner.tools(afresh).await
    }

    /// Whether the upstream's process or session is up. A dead one is opened again by the next request.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.inner.current().connection.as_ref().is_some_and(|connection| connection.is_alive())
    }

    /// The upstream's answer to `initialize`.
    #[must_use]
    pub fn server_info(&self) -> Option<Value> {
        self.inner.current().initialize_result.clone()
    }

    /// Ends the upstream's session and process, and waits for that.
    pub async fn close(self) {
        self.inner.closed.cancel();
        let connection = self.inner.current().connection.take();
        if let Some(connection) = connection {
            connection.close().await;
        }
    }

    /// Whether it is reached over HTTP.
    pub(crate) fn is_http(&self) -> bool {
        matches!(self.inner.config.transport, crate::home::Transport::Http { .. })
    }

    /// Says whether the agent has its standing stream open.
    pub(crate) fn set_listening(&self, listening: bool) {
        self.inner.listening.store(listening, Ordering::Relaxed);
    }

    async fn initialize(&self, request: Request, route: CallRoute) -> Result<Response, UpstreamError> {
        let connection = self.inner.connection().await?;
        let outgoing = Outgoing::request(request.clone())?;
        let response = connection.ask(outgoing, route, Some(INITIALIZE_LIMIT)).await?;
        if let Ok(result) = response.clone().outcome() {
            let version = agreed_version(&result);
            connection.agreed_on(version.as_deref());
            *self.inner.introduction.lock().await =
                Some(Introduction { initialize: request, version, initialized: None });
            self.inner.current().initialize_result = Some(result);
        }
        Ok(response)
    }

    /// What this list, one of [`Self::tools`], says of a tool.
    pub(crate) fn listed(&self, list: &Arc<Vec<Value>>, tool: &str) -> Listed {
        self.inner.known.look_up(list, tool)
    }

    /// What was judged names a tool by its definition; a restarted upstream may offer another under that name.
    async fn offered(&self, call: &ToolCall) -> Result<Arc<Value>, UpstreamError> {
        let tools = self.tools(false).await?;
        match self.listed(&tools, call.tool.as_str()) {
            Listed::Once(definition) if definition.hash == call.definition => Ok(definition.text),
            listed => {
                if let Listed::Once(definition) = listed {
                    self.set_turned(Some(definition));
                }
                let (name, tool) = (self.inner.config.name.clone(), call.tool.to_string());
                Err(UpstreamError::ToolChanged { name, tool })
            }
        }
    }

    pub(super) fn set_turned(&self, definition: Option<Definition>) {
        *self.inner.turned.lock().unwrap_or_else(PoisonError::into_inner) = definition;
    }

    /// What the tool of the last call that failed by [`UpstreamError::ToolChanged`] is now, once.
    pub(crate) fn take_turned(&self) -> Option<Definition> {
        self.inner.turned.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Inner {
    /// The live connection; a dead one is replaced, and the new one introduced.
    pub(super) async fn connection(self: &Arc<Self>) -> Result<Arc<Connection>, UpstreamError> {
        let opened = self.closed.run_until_cancelled(self.open_if_dead()).await;
        opened.unwrap_or_else(|| {
            let (name, how) = (self.config.name.clone(), "its session was closed".to_owned());
            Err(UpstreamError::Stopped { name, how, last_words: Vec::new() })
        })
    }

    async fn open_if_dead(self: &Arc<Self>) -> Result<Arc<Connection>, UpstreamError> {
        let introduction = self.introduction.lock().await;
        if let Some(connection) = self.current().connection.clone().filter(|connection| connection.is_alive())
        {
            return Ok(connection);
        }
        let injected = self.injected().await?;
        let connection = Connection::open(&self.config, injected, Arc::downgrade(self))?;
        self.tool_changes.fetch_add(1, Ordering::Relaxed);
        if let Some(introduction) = &*introduction {
            self.introduce_again(&connection, introduction).await?;
        }
        self.current().connection = Some(Arc::clone(&connection));
        Ok(connection)
    }

    /// What the upstream is started or reached with.
    async fn injected(&self) -> Result<Injected, UpstreamError> {
        let standing = self.supply.standing(&self.config).await;
        let mut injected = standing.map_err(|failed| UpstreamError::secret(&self.config.name, failed))?;
        if let Some(unsealed) = &self.unsealed {
            let opened = unsealed.lock().unwrap_or_else(PoisonError::into_inner).take();
            let needs_proof = || UpstreamError::NeedsProof { name: self.config.name.clone() };
            injected.extend(opened.ok_or_else(needs_proof)?);
        }
        Ok(injected)
    }

    async fn introduce_again(
        &self,
        connection: &Arc<Connection>,
        introduction: &Introduction,
    ) -> Result<(), UpstreamError> {
        let outgoing = Outgoing::request(introduction.initialize.clone())?;
        let response = connection.ask(outgoing, CallRoute::nowhere(), Some(INITIALIZE_LIMIT)).await?;
        let result = response.outcome().map_err(|error| answered(&self.config, "initialize", &error))?;
        let version = agreed_version(&result);
        if version != introduction.version {
            let why = "it speaks another protocol version since it was restarted".to_owned();
            return Err(UpstreamError::Unreadable { name: self.config.name.clone(), why });
        }
        connection.agreed_on(version.as_deref());
        self.current().initialize_result = Some(result);
        if let Some(initialized) = &introduction.initialized {
            connection.tell(Outgoing::notification(initialized.clone())?).await?;
            connection.listen();
        }
        Ok(())
    }

    pub(super) fn is_stateless(&self) -> bool {
        self.stateless.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// `_meta` for requests of our own; none in the older eras.
    pub(super) fn own_meta(&self) -> Option<Value> {
        self.stateless.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    /// An HTTP upstream is told that the session is over; a child ends with its pipes.
    fn drop(&mut self) {
        let connection = self.current().connection.take();
        if let (Some(connection), Ok(runtime)) = (connection, tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { connection.close().await });
        }
    }
}

fn agreed_version(result: &Value) -> Option<String> {
    result.get("protocolVersion").and_then(Value::as_text).map(str::to_owned)
}

pub(super) fn answered(config: &UpstreamConfig, method: &str, error: &Value) -> UpstreamError {
    let message = error.get("message").and_then(Value::as_text).unwrap_or("no reason given");
    UpstreamError::Answered {
        name: config.name.clone(),
        method: method.to_owned(),
        message: message.chars().take(300).collect(),
    }
}
