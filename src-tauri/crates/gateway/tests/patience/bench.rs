//! The engine on tokio's clock, with the recording upstream, and people who vote when a test says so.

use super::agents::{Agent, Kind};
use super::recorder::Recorder;
use approvals::{Choice, HoldId, Means};
use gateway::card::Card;
use gateway::home::{Home, InitOptions, KeychainKind, Paths, Transport, UpstreamConfig};
use gateway::keychain::{Keychain, MemoryKeychain};
use gateway::{ChangePolicy, Clock, DeskEvent, Engine, Options};
use policy::{CallDigest, Timestamp};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::broadcast;
use tokio::time::Instant;

pub(crate) struct Bench {
    pub(crate) engine: Arc<Engine>,
    pub(crate) upstream: Recorder,
    pub(crate) began: Instant,
    events: std::sync::Mutex<broadcast::Receiver<DeskEvent>>,
    prompts: std::sync::Mutex<usize>,
    clock: Clock,
    /// Outlives the engine.
    keychain: Arc<MemoryKeychain>,
    folder: tempfile::TempDir,
}

const ASK: &str = "name = \"Customers are deleted by people\"\n[target]\ntools = [\"ledger/delete_customer\"]\n[action]\nkind = \"request_approval\"\n";

/// 2026-11-23T12:00:00Z, and from then on what tokio's clock says.
fn clock() -> Clock {
    let began = Instant::now();
    Clock::from_fn(move || {
        let passed = i64::try_from(Instant::now().saturating_duration_since(began).as_millis()).unwrap();
        Timestamp(1_795_435_200_000 + passed)
    })
}

async fn start(home: &Path, clock: &Clock, keychain: &Arc<MemoryKeychain>) -> Arc<Engine> {
    let options = Options {
        home: home.to_owned(),
        listen: Some("127.0.0.1:0".parse().unwrap()),
        on_change: ChangePolicy::TakeAtStart,
    };
    let keychain: Arc<dyn Keychain> = keychain.clone();
    Engine::start_with(options, clock.clone(), Some(keychain)).await.unwrap()
}

impl Bench {
    pub(crate) async fn new() -> Bench {
        Bench::with_flow("15m").await
    }

    /// Whose holds wait for so long.
    pub(crate) async fn with_flow(within: &str) -> Bench {
        let folder = tempfile::Builder::new().prefix("dw-").tempdir_in("/tmp").unwrap();
        let home = folder.path().join("home");
        let options = InitOptions { keychain: KeychainKind::Memory, ..InitOptions::default() };
        Home::init(&home, &options).unwrap();
        let policies = Paths::new(&home).policies();
        std::fs::remove_dir_all(&policies).unwrap();
        std::fs::create_dir_all(policies.join("flows")).unwrap();
        std::fs::write(policies.join("set.toml"), "default = \"allow\"\n").unwrap();
        std::fs::write(policies.join("ask.toml"), ASK).unwrap();
        let flow = format!("name = \"The owner approves\"\n[[stage]]\nwithin = \"{within}\"\n");
        std::fs::write(policies.join("flows/owner.toml"), flow).unwrap();
        let clock = clock();
        let keychain = Arc::default();
        let engine = start(&home, &clock, &keychain).await;
        let upstream = Recorder::start().await;
        let transport = Transport::Http { url: upstream.url(), headers: [].into() };
        engine
            .add_upstream(UpstreamConfig::new("ledger".parse().unwrap(), transport, false).unwrap())
            .unwrap();
        let events = std::sync::Mutex::new(engine.desk().events());
        let began = Instant::now();
        Bench {
            engine,
            upstream,
            began,
            events,
            prompts: std::sync::Mutex::default(),
            clock,
            keychain,
            folder,
        }
    }

    /// A paired and connected agent.
    pub(crate) async fn agent(&self, kind: Kind) -> Agent {
        let token = self.engine.add_agent(kind.name.parse().unwrap(), "me".parse().unwrap()).unwrap();
        Agent::connect(kind, self.url(), token.as_str().to_owned()).await
    }

    fn url(&self) -> String {
        format!("http://{}/mcp/ledger", self.engine.listen_addr())
    }

    /// The card of the only hold, once it is there.
    pub(crate) async fn held(&self) -> Card {
        let mut events = self.engine.desk().events();
        loop {
            if let [only] = self.engine.desk().inbox().as_slice() {
                return self.card(only.hold.as_str()).unwrap();
            }
            drop(events.recv().await);
        }
    }

    /// Waits until nobody waits on it.
    pub(crate) async fn unattended(&self, card: &Card) {
        let mut events = self.engine.desk().events();
        while self.card(&card.hold).unwrap().attended {
            drop(events.recv().await);
        }
    }

    pub(crate) fn card(&self, hold: &str) -> Option<Card> {
        self.engine.desk().card(&hold.parse::<HoldId>().unwrap())
    }

    pub(crate) fn approve(&self, card: &Card) {
        self.vote(card, Choice::Approve);
    }

    /// With other arguments.
    pub(crate) fn approve_edited(&self, card: &Card, arguments: &[u8]) {
        let arguments = policy::Value::parse(arguments).unwrap();
        let (hold, owner) = (card.hold.parse().unwrap(), self.engine.owner_id().unwrap());
        let digest = CallDigest::try_from(card.digest.clone()).unwrap();
        let by = (Means::Window, &owner);
        self.engine.approve_edited(&hold, digest, arguments, by, None).unwrap();
    }

    pub(crate) fn reject(&self, card: &Card) {
        self.vote(card, Choice::Reject { reason: Some("No".to_owned()) });
    }

    fn vote(&self, card: &Card, choice: Choice) {
        let digest = CallDigest::try_from(card.digest.clone()).unwrap();
        let owner = self.engine.owner_id().unwrap();
        let hold = card.hold.parse().unwrap();
        self.engine.desk().vote(&hold, digest, choice, Means::Window, &owner).unwrap();
    }

    /// How often a person was asked so far.
    pub(crate) fn prompts(&self) -> usize {
        let mut events = self.events.lock().unwrap();
        let mut prompts = self.prompts.lock().unwrap();
        loop {
            match events.try_recv() {
                Ok(DeskEvent::HoldOpened { .. }) => *prompts += 1,
                Ok(_) => {}
                Err(broadcast::error::TryRecvError::Lagged(_)) => panic!("too many events to count prompts"),
                Err(_) => return *prompts,
            }
        }
    }

    /// The engine ends and starts again in the same home; agents have to connect anew.
    pub(crate) async fn restart(self) -> Bench {
        // What was asked so far is counted before its events go.
        self.prompts();
        let Bench { engine, upstream, began, prompts, clock, keychain, folder, .. } = self;
        engine.shutdown().await;
        // The home's lock goes with the last that used the engine.
        let last = Arc::downgrade(&engine);
        drop(engine);
        while last.strong_count() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let engine = start(&folder.path().join("home"), &clock, &keychain).await;
        let events = std::sync::Mutex::new(engine.desk().events());
        Bench { engine, upstream, began, events, prompts, clock, keychain, folder }
    }

    pub(crate) async fn reconnect(&self, agent: &mut Agent) {
        agent.url = self.url();
        agent.open().await;
    }
}
