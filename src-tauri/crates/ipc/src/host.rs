//! Answers the window's commands from the engine, and tells what changed.
//!
//! A host without an engine (it could not start) answers the overview with the reason, and everything else
//! with the same words.

use crate::authoring::Listed;
use crate::wire::{
    AcceptProgramRequest, ActivityPage, ActivityRequest, AddAgentRequest, AddUpstreamRequest, AgentsView,
    Alarm, CardRequest, ChangeRequest, Changed, ConnectHelp, GatewayState, InboxRow, IpcError, NameRequest,
    NewAgent, Nothing, Overview, PartState, Person, PoliciesView, PracticeCallRequest, Started, Tag,
    UpstreamRow, VoteChoice, VoteReceipt, VoteRequest, WaitLimitRequest,
};
use crate::{activity, commands, practice, views};
use approvals::{Choice, Means};
use gateway::card::Card;
use gateway::home::{Transport, UpstreamConfig};
use gateway::{DeskEvent, Engine};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;

/// Events are gathered for this long, so that a thousand calls a second do not redraw a thousand times.
const GATHER: Duration = Duration::from_millis(80);

/// How the desktop opens a home.
#[derive(Clone, Debug)]
pub struct Options {
    pub home: PathBuf,
}

/// Why there is no engine.
#[derive(Clone, Debug)]
pub struct StartFailure {
    pub code: String,
    pub message: String,
    pub hint: String,
}

/// See the module.
pub struct Host {
    engine: Result<Arc<Engine>, StartFailure>,
    home: PathBuf,
    notifications: Mutex<PartState>,
    changes: broadcast::Sender<Changed>,
    asked: broadcast::Sender<String>,
    listed: Arc<Listed>,
}

impl Host {
    /// Starts the engine; where that fails the host is still there to say why.
    pub async fn start(options: Options) -> Arc<Host> {
        let engine = Engine::start(gateway::Options {
            home: options.home.clone(),
            listen: None,
            on_change: gateway::ChangePolicy::ConfirmInWindow,
        })
        .await
        .map_err(|error| StartFailure {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint(),
        })
        .inspect(|engine| engine.watch_screen());
        Host::over(engine, options.home)
    }

    /// A host over an engine that runs already, or over the reason why none does.
    #[must_use]
    pub fn over(engine: Result<Arc<Engine>, StartFailure>, home: PathBuf) -> Arc<Host> {
        let ((changes, _), (asked, _)) = (broadcast::channel(64), broadcast::channel(8));
        let unknown = PartState { ok: true, name: "Notifications".to_owned(), message: None, hint: None };
        let host = Arc::new(Host {
            engine,
            home,
            notifications: Mutex::new(unknown),
            changes,
            asked,
            listed: Arc::default(),
        });
        if let Ok(engine) = &host.engine {
            tokio::spawn(gather(engine.desk().events(), host.changes.clone()));
            tokio::spawn(watch_for_asked(engine.desk().events(), host.asked.clone()));
        }
        host
    }

    /// Why there is no engine, if there is none.
    #[must_use]
    pub fn failure(&self) -> Option<&StartFailure> {
        self.engine.as_ref().err()
    }

    /// One command of one window.
    ///
    /// # Errors
    /// `{code, message, hint}`, for a person.
    pub async fn call(&self, window: &str, name: &str, body: Value) -> Result<Value, IpcError> {
        commands::dispatch(self, window, name, body).await
    }

    /// The names of all commands.
    #[must_use]
    pub fn commands() -> &'static [&'static str] {
        commands::NAMES
    }

    /// What changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Changed> {
        self.changes.subscribe()
    }

    /// Holds that a person wants to see now, having been sent by an agent.
    #[must_use]
    pub fn asked(&self) -> broadcast::Receiver<String> {
        self.asked.subscribe()
    }

    /// The shell says how notifications stand on this machine.
    pub fn set_notifications(&self, ok: bool, message: Option<String>, hint: Option<String>) {
        let state = PartState { ok, name: "Notifications".to_owned(), message, hint };
        *self.notifications.lock().unwrap_or_else(PoisonError::into_inner) = state;
        // Nobody listens yet at the start; the window asks then.
        let _ = self.changes.send(Changed { tags: vec![Tag::Overview], hold: None });
    }

    /// The shell heard an answer to a notification that its service did not give; it counted for nothing.
    pub fn note_forged_answer(&self) {
        if let Ok(engine) = &self.engine {
            engine.note_forged_answer();
        }
    }

    /// Whether the screen is surely locked; where nobody can tell, it is taken for unlocked here.
    #[must_use]
    pub fn is_screen_locked(&self) -> bool {
        self.engine.as_ref().is_ok_and(|engine| engine.presence().is_surely_locked())
    }

    /// When the person came back last, and what happened to held calls until then; none where nothing did.
    #[must_use]
    pub fn while_away(&self) -> Option<(i64, String)> {
        let digest = self.engine.as_ref().ok()?.away_digest()?;
        Some((digest.until?.0, digest.sentence()?))
    }

    /// Ends sessions and the listener; holds stay.
    pub async fn shutdown(&self) {
        if let Ok(engine) = &self.engine {
            engine.shutdown().await;
        }
    }

    /// Open holds, the one that ends first on top; none without an engine.
    #[must_use]
    pub fn inbox_rows(&self) -> Vec<InboxRow> {
        self.engine.as_ref().map(|engine| views::inbox(engine)).unwrap_or_default()
    }

    /// The card of a hold that is open or just ended.
    #[must_use]
    pub fn card_of(&self, hold: &str) -> Option<Card> {
        let engine = self.engine.as_ref().ok()?;
        Some(engine.desk().card(&hold.parse().ok()?)?.with_people(&engine.sets().current().people))
    }

    /// A vote by this desk's owner, by the given means, for exactly the call whose digest was shown.
    ///
    /// # Errors
    /// When it does not count; nothing changed then.
    pub async fn cast(&self, request: VoteRequest, means: Means) -> Result<VoteReceipt, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let hold = request.hold.parse().map_err(|_| IpcError::gone(&request.hold))?;
        let digest = policy::CallDigest::try_from(request.digest)
            .map_err(|error| IpcError::broken("bad_request", error.to_string()))?;
        let reason =
            request.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        let choice = match request.choice {
            VoteChoice::Approve => Choice::Approve,
            VoteChoice::Reject => Choice::Reject { reason },
        };
        let owner = engine.owner_id().ok_or_else(|| {
            IpcError::new(
                "no_owner",
                "this home has no owner who could vote",
                "mark one user as `owner` in people.toml",
            )
        })?;
        let receipt = blocking(move || engine.desk().vote(&hold, digest, choice, means, &owner)).await??;
        Ok(VoteReceipt {
            hold: receipt.hold.to_string(),
            state: receipt.card.state,
            message: receipt.message,
        })
    }

    pub(crate) fn listed(&self) -> Arc<Listed> {
        Arc::clone(&self.listed)
    }

    pub(crate) fn home(&self) -> &std::path::Path {
        &self.home
    }

    pub(crate) fn engine(&self) -> Result<&Arc<Engine>, IpcError> {
        self.engine.as_ref().map_err(|failure| IpcError {
            code: failure.code.clone(),
            message: format!("the gateway is off: {}", failure.message),
            hint: failure.hint.clone(),
        })
    }

    pub(crate) async fn overview(&self, _: Nothing) -> Result<Overview, IpcError> {
        let notifications = self.notifications.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let home = self.home.display().to_string();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(match &self.engine {
            Ok(engine) => views::overview(engine, version, home, notifications),
            Err(failure) => Overview {
                version,
                home,
                gateway: GatewayState::Off { message: failure.message.clone(), hint: failure.hint.clone() },
                waiting: 0,
                paused: false,
                owner: Person::default(),
                keychain: PartState { ok: true, name: "Keychain".to_owned(), message: None, hint: None },
                notifications,
                screen: views::screen(None),
                practice: false,
                alarms: vec![Alarm {
                    code: failure.code.clone(),
                    message: format!("The gateway is off: {}.", failure.message),
                    hint: failure.hint.clone(),
                }],
            },
        })
    }

    pub(crate) async fn inbox(&self, _: Nothing) -> Result<Vec<InboxRow>, IpcError> {
        Ok(views::inbox(self.engine()?))
    }

    pub(crate) async fn card(&self, request: CardRequest) -> Result<Card, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let mut card = self.card_of(&request.hold).ok_or_else(|| IpcError::gone(&request.hold))?;
        let Ok(hold) = request.hold.parse() else { return Ok(card) };
        card.last_approved = blocking(move || {
            // A card without a comparison is better than none.
            let told = engine.last_approved(&hold);
            told.inspect_err(|error| tracing::warn!(%error, "the last approved call could not be read")).ok()
        })
        .await?
        .flatten();
        Ok(card)
    }

    pub(crate) async fn vote(&self, request: VoteRequest) -> Result<VoteReceipt, IpcError> {
        self.cast(request, Means::Window).await
    }

    pub(crate) async fn activity(&self, request: ActivityRequest) -> Result<ActivityPage, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || activity::activity(&engine, &request)).await?
    }

    pub(crate) async fn policies(&self, _: Nothing) -> Result<PoliciesView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || {
            engine.look_at_files();
            views::policies(&engine)
        })
        .await
    }

    pub(crate) async fn discard_change(&self, request: ChangeRequest) -> Result<PoliciesView, IpcError> {
        self.change_set(move |engine| engine.sets().discard(&request.hash)).await
    }

    async fn change_set(
        &self,
        change: impl FnOnce(&Engine) -> Result<(), gateway::SetError> + Send + 'static,
    ) -> Result<PoliciesView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || {
            change(&engine)?;
            engine.set_changed();
            Ok(views::policies(&engine))
        })
        .await?
    }

    pub(crate) async fn upstreams(&self, _: Nothing) -> Result<Vec<UpstreamRow>, IpcError> {
        Ok(views::upstreams(self.engine()?))
    }

    pub(crate) async fn add_upstream(
        &self,
        request: AddUpstreamRequest,
    ) -> Result<Vec<UpstreamRow>, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let transport = match (request.command, request.url) {
            (Some(words), None) => {
                let mut words = words.into_iter();
                let command = words.next().filter(|word| !word.trim().is_empty()).ok_or_else(|| {
                    IpcError::new(
                        "bad_upstream",
                        "the command is empty",
                        "type the command that starts the MCP server",
                    )
                })?;
                Transport::Stdio {
                    command,
                    args: words.collect(),
                    env: std::collections::BTreeMap::new(),
                    cwd: None,
                }
            }
            (None, Some(url)) => Transport::Http { url, headers: std::collections::BTreeMap::new() },
            _ => {
                return Err(IpcError::new(
                    "bad_upstream",
                    "an upstream has either a command or an address",
                    "fill in one of them",
                ));
            }
        };
        let name = request.name.parse().map_err(|error: policy::NameError| {
            IpcError::new("bad_name", error.to_string(), "choose another name")
        })?;
        let config = UpstreamConfig::new(name, transport, false)
            .map_err(|error| IpcError::new("bad_upstream", error.to_string(), error.hint()))?;
        engine.connect_upstream(config).await?;
        Ok(views::upstreams(&engine))
    }

    pub(crate) async fn remove_upstream(&self, request: NameRequest) -> Result<Vec<UpstreamRow>, IpcError> {
        let engine = Arc::clone(self.engine()?);
        engine.drop_upstream(request.name).await?;
        Ok(views::upstreams(&engine))
    }

    pub(crate) async fn agents(&self, _: Nothing) -> Result<AgentsView, IpcError> {
        Ok(views::agents(self.engine()?))
    }

    pub(crate) async fn add_agent(&self, request: AddAgentRequest) -> Result<NewAgent, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let bad =
            |error: policy::NameError| IpcError::new("bad_name", error.to_string(), "choose another name");
        let agent: policy::AgentName = request.name.parse().map_err(bad)?;
        let user = request.user.parse().map_err(bad)?;
        let token = engine.connect_agent(agent.clone(), user).await?;
        blocking(move || {
            let help = gateway::connect::help(&gateway::connect::Newcomer {
                listen: engine.listen_addr(),
                upstreams: &engine.upstreams(),
                agent: &agent,
                token: token.as_str(),
                shim: gateway::connect::Shim::of(engine.home().dir()),
            });
            let connect = help
                .into_iter()
                .map(|help| ConnectHelp { title: help.title.to_owned(), text: help.text })
                .collect();
            Ok(NewAgent { name: request.name, token: token.as_str().to_owned(), connect })
        })
        .await?
    }

    pub(crate) async fn remove_agent(&self, request: NameRequest) -> Result<AgentsView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || {
            engine.remove_agent(&request.name)?;
            Ok(views::agents(&engine))
        })
        .await?
    }

    pub(crate) async fn accept_program(&self, request: AcceptProgramRequest) -> Result<AgentsView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let agent: policy::AgentName = request
            .agent
            .parse()
            .map_err(|error: policy::NameError| IpcError::broken("bad_request", error.to_string()))?;
        engine.admit_program(agent, request.program).await?;
        Ok(views::agents(&engine))
    }

    pub(crate) async fn set_wait_limit(&self, request: WaitLimitRequest) -> Result<AgentsView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        let limit = request.seconds.map(|seconds| Duration::from_secs(seconds.into()));
        blocking(move || {
            engine.set_wait_limit(&request.agent, limit)?;
            Ok(views::agents(&engine))
        })
        .await?
    }

    pub(crate) async fn practice_call(&self, request: PracticeCallRequest) -> Result<Started, IpcError> {
        practice::start(self.engine()?, request.kind)
    }
}

/// For what reads or writes the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, IpcError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| IpcError::broken("internal", "the command was not carried out".to_owned()))
}

/// Desk events become tags; those of one short moment become one event.
async fn gather(mut events: broadcast::Receiver<DeskEvent>, changes: broadcast::Sender<Changed>) {
    let mut open = true;
    while open {
        let mut moment = Moment::default();
        open = moment.take(events.recv().await);
        let until = tokio::time::Instant::now() + GATHER;
        while open && let Ok(event) = tokio::time::timeout_at(until, events.recv()).await {
            open = moment.take(event);
        }
        if !moment.tags.is_empty() {
            // Nobody listens: the window asks when it opens.
            let _ =
                changes.send(Changed { tags: moment.tags, hold: moment.hold.filter(|_| !moment.several) });
        }
    }
}

async fn watch_for_asked(mut events: broadcast::Receiver<DeskEvent>, asked: broadcast::Sender<String>) {
    loop {
        match events.recv().await {
            Ok(DeskEvent::Asked { hold }) => drop(asked.send(hold.to_string())),
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

/// What changed within one short moment.
#[derive(Default)]
struct Moment {
    tags: Vec<Tag>,
    hold: Option<String>,
    /// More than one hold: then none is named.
    several: bool,
}

impl Moment {
    /// False when nothing will come any more.
    fn take(&mut self, event: Result<DeskEvent, broadcast::error::RecvError>) -> bool {
        let (tags, hold) = match event {
            Ok(event) => tags_of(event),
            // Too many at once: everything may be out of date.
            Err(broadcast::error::RecvError::Lagged(_)) => {
                self.several = true;
                (Tag::ALL, None)
            }
            Err(broadcast::error::RecvError::Closed) => return false,
        };
        for tag in tags {
            if !self.tags.contains(tag) {
                self.tags.push(*tag);
            }
        }
        self.several |= self.hold.is_some() && hold.is_some() && self.hold != hold;
        self.hold = self.hold.take().or(hold);
        true
    }
}

fn tags_of(event: DeskEvent) -> (&'static [Tag], Option<String>) {
    match event {
        DeskEvent::HoldOpened { hold } | DeskEvent::HoldChanged { hold } | DeskEvent::HoldEnded { hold } => {
            (&[Tag::Overview, Tag::Inbox, Tag::Activity], Some(hold.to_string()))
        }
        DeskEvent::Asked { .. } => (&[], None),
        DeskEvent::Activity => (&[Tag::Activity], None),
        DeskEvent::Returned => (&[Tag::Overview, Tag::Inbox], None),
        DeskEvent::Grants => (&[Tag::Grants], None),
        DeskEvent::SetChanged => (&[Tag::Policies, Tag::Overview, Tag::Inbox], None),
        DeskEvent::Agents => (&[Tag::Agents, Tag::Overview], None),
        DeskEvent::Upstreams => (&[Tag::Upstreams, Tag::Overview], None),
        DeskEvent::Paused | DeskEvent::Journal | DeskEvent::Screen => (&[Tag::Overview], None),
        DeskEvent::Passkeys => (&[Tag::Security, Tag::Overview], None),
    }
}
