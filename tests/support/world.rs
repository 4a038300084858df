//! The engine in the test's own process, with a clock that the test moves, an upstream that records, and people
//! who vote at the desk.

use super::agent::Agent;
use super::home::{TestHome, address};
use super::recorder::Recorder;
use super::wire::Wire;
use super::within;
use approvals::{Choice, HoldId, Means};
use gateway::card::Card;
use gateway::desk::{VoteError, VoteReceipt};
use gateway::keychain::{Keychain, MemoryKeychain};
use gateway::{ChangePolicy, Clock, Engine, Options, StartError};
use policy::{CallDigest, Timestamp};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::broadcast::error::RecvError;

/// The machine's clock, moved by as much as the test says.
#[derive(Clone)]
pub(crate) struct TestClock {
    by: Arc<AtomicI64>,
    /// How much further the clock that counts sleep is than the one people read.
    ahead: Arc<AtomicI64>,
    clock: Clock,
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.by.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
        self.clock.moved();
    }

    /// Time went by and nobody was there to notice.
    pub(crate) fn oversleep(&self, by: Duration) {
        self.by.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Somebody sets the clock people read.
    pub(crate) fn set_back(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.ahead.fetch_add(by, Ordering::SeqCst);
        self.by.fetch_sub(by, Ordering::SeqCst);
    }

    /// The same the other way: no more time went by.
    pub(crate) fn set_forward(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.ahead.fetch_sub(by, Ordering::SeqCst);
        self.by.fetch_add(by, Ordering::SeqCst);
        self.clock.moved();
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock.clone()
    }
}

impl Default for TestClock {
    fn default() -> TestClock {
        let (by, ahead) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let moved = Arc::clone(&by);
        let read = move || {
            let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
            i64::try_from(real).unwrap() + moved.load(Ordering::SeqCst)
        };
        let (now, further) = (read.clone(), Arc::clone(&ahead));
        let counted = move || {
            let counted = read() + further.load(Ordering::SeqCst);
            Duration::from_millis(u64::try_from(counted).unwrap())
        };
        let clock = Clock::from_fns(move || Timestamp(now()), counted);
        TestClock { by, ahead, clock }
    }
}

/// Engine, upstream, clock and home of one test. The upstream is called `ledger`.
pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    pub(crate) upstream: Recorder,
    pub(crate) clock: TestClock,
    pub(crate) home: TestHome,
    /// Outlives the engine, as the system's does.
    keychain: Arc<dyn Keychain>,
}

impl World {
    /// With these policies in a new home; changes on disk wait for a confirmation.
    pub(crate) async fn new(policies: &[(&str, &str)]) -> World {
        let home = TestHome::in_memory(policies);
        World::of(home).await
    }

    pub(crate) async fn of(home: TestHome) -> World {
        let clock = TestClock::default();
        let keychain: Arc<dyn Keychain> = Arc::new(MemoryKeychain::default());
        let kept = Arc::clone(&keychain);
        let engine =
            start_with(&home, ChangePolicy::ConfirmInWindow, &clock, kept).await.expect("the engine starts");
        let upstream = Recorder::start().await;
        if engine.upstream("ledger").is_none() {
            engine.add_upstream(address("ledger", &upstream.url())).expect("the upstream is added");
        }
        World { engine, upstream, clock, home, keychain }
    }

    pub(crate) fn door(&self) -> SocketAddr {
        self.engine.listen_addr()
    }

    /// Pairs an agent that acts for the desk's owner; its token.
    pub(crate) fn pair(&self, name: &str) -> String {
        self.pair_for(name, "me")
    }

    /// It waits as long as a test may move the clock; tests of wait limits pair agents of their own.
    pub(crate) fn pair_for(&self, name: &str, user: &str) -> String {
        let token = self.engine.add_agent(name.parse().unwrap(), user.parse().unwrap()).expect("a new agent");
        self.engine.set_wait_limit(name, Some(Duration::from_secs(24 * 60 * 60))).expect("a paired agent");
        token.as_str().to_owned()
    }

    /// A paired and connected agent.
    pub(crate) async fn agent(&self, name: &str) -> Agent {
        Agent::connect(self.door(), "ledger", &self.pair(name)).await
    }

    /// A paired agent that writes its own JSON, with a session.
    pub(crate) async fn wire(&self, name: &str) -> Wire {
        Wire::open(self.door(), "ledger", &self.pair(name)).await
    }

    /// Waits until the desk is as wanted; looked at whenever something changed there.
    pub(crate) async fn until<T>(&self, what: &str, look: impl Fn(&Engine) -> Option<T>) -> T {
        let mut events = self.engine.desk().events();
        within(what, async {
            loop {
                if let Some(found) = look(&self.engine) {
                    return found;
                }
                match events.recv().await {
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => panic!("the desk is gone: {what}"),
                }
            }
        })
        .await
    }

    /// The card of the only hold, once it is there.
    pub(crate) async fn held(&self) -> Card {
        let hold = self
            .until("a call is held", |engine| match engine.desk().inbox().as_slice() {
                [only] => Some(only.hold.clone()),
                _ => None,
            })
            .await;
        self.card(hold.as_str()).expect("an open hold has a card")
    }

    pub(crate) fn card(&self, hold: &str) -> Option<Card> {
        self.engine.desk().card(&hold.parse::<HoldId>().unwrap())
    }

    /// The owner votes in the window.
    pub(crate) fn vote(&self, card: &Card, choice: Choice) -> Result<VoteReceipt, VoteError> {
        let owner = self.engine.owner_id().expect("the desk has an owner");
        let hold = card.hold.parse().unwrap();
        let digest = digest(card);
        self.engine.desk().vote(&hold, digest, choice, Means::Window, &owner)
    }

    pub(crate) fn approve(&self, card: &Card) {
        self.vote(card, Choice::Approve).expect("the vote counts");
    }

    pub(crate) fn reject(&self, card: &Card, reason: &str) {
        self.vote(card, Choice::Reject { reason: Some(reason.to_owned()) }).expect("the vote counts");
    }

    /// The clock moves on and the desk looks at it.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.engine.desk().pass_deadlines();
    }

    /// Waits for a policy change to be noticed on disk.
    pub(crate) async fn change_waits(&self) -> gateway::WaitingChange {
        self.until("a change on disk is noticed", |engine| engine.sets().waiting()).await
    }

    /// The engine ends, and starts again in the same home the way `serve` starts.
    pub(crate) async fn restart(self) -> World {
        let World { engine, upstream, clock, home, keychain } = self;
        engine.shutdown().await;
        let last = Arc::downgrade(&engine);
        drop(engine);
        // The home's lock goes with the last that used the engine, such as a connection that was just closed.
        within("the engine ends", async {
            while last.strong_count() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let kept = Arc::clone(&keychain);
        let again = start_with(&home, ChangePolicy::TakeAtStart, &clock, kept).await;
        let engine = again.expect("the engine starts again");
        World { engine, upstream, clock, home, keychain }
    }
}

/// What a vote on this card is for.
pub(crate) fn digest(card: &Card) -> CallDigest {
    CallDigest::try_from(card.digest.clone()).expect("a card has a digest")
}

/// Starts the engine of a home on a free port.
pub(crate) async fn start(
    home: &TestHome,
    on_change: ChangePolicy,
    clock: &TestClock,
) -> Result<Arc<Engine>, StartError> {
    start_with(home, on_change, clock, Arc::new(MemoryKeychain::default())).await
}

async fn start_with(
    home: &TestHome,
    on_change: ChangePolicy,
    clock: &TestClock,
    keychain: Arc<dyn Keychain>,
) -> Result<Arc<Engine>, StartError> {
    let listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let options = Options { home: home.dir(), listen, on_change };
    Engine::start_with(options, clock.clock(), Some(keychain)).await
}
