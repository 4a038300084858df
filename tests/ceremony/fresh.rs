//! Fresh proofs (`max_age`): one proof lets further calls of the same user, agent and policy go for a while, and never
//! beyond that: not for another agent or user, not after a lock, a sleep or a restart, nor by setting the clock back.

use super::enrolment::Kept;
use super::held::ceremony_of;
use super::support::agent::Agent;
use super::support::browser::{Page, SoftPasskey, passkey};
use super::support::home::{ALLOW, TestHome, address};
use super::support::journal;
use super::support::recorder::Recorder;
use super::support::world::World;
use super::{enrolled, enrolled_by, run_enrolment};
use gateway::HoldId;
use gateway::ceremony::Subject;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const FRESH: [(&str, &str); 2] = [
    ALLOW,
    (
        "payments.toml",
        r#"
name = "Payments need you"
[target]
tools = ["ledger/send_payment"]
[action]
kind = "step_up"
method = "passkey"
max_age = "10m"
"#,
    ),
];

/// One payment of `claude` was proven a moment ago, before a screen that is not locked.
struct Fresh {
    world: World,
    agent: Agent,
    key: SoftPasskey,
}

async fn fresh(world: World) -> Fresh {
    world.engine.presence().set_locked(false);
    let agent = world.agent("claude").await;
    let mut key = enrolled(&world, "me").await;
    let pending = agent.start("send_payment", json!({ "amount": 1 }));
    let page = Page::open(&ceremony_of(&world, &world.held().await).await).await;
    assert_eq!(page.run(None, Some(&mut key)).await["kind"], "done");
    pending.answer().await.ran();
    Fresh { world, agent, key }
}

impl Fresh {
    /// The next payment of this agent waits for a person, and for a passkey.
    async fn asks(&self, agent: &Agent, amount: u32) {
        let calls = self.world.upstream.calls().len();
        let _pending = agent.start("send_payment", json!({ "amount": amount }));
        let card = self.world.held().await;
        assert_eq!(card.waits_for_proof, Some(true));
        assert_eq!(self.world.upstream.calls().len(), calls, "nothing went");
        self.world.reject(&card, "seen enough");
        self.world.until("nothing waits", |engine| engine.desk().inbox().is_empty().then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_proof_lets_the_next_call_go_until_it_is_old() {
    let fresh = fresh(World::new(&FRESH).await).await;
    fresh.agent.call("send_payment", json!({ "amount": 2 })).await.ran();
    let lines = journal::lines(&fresh.world.home.paths().journal());
    assert_eq!(lines.iter().filter(|line| line.kind == "window_opened").count(), 1, "I6: it is journalled");
    fresh.world.clock.advance(Duration::from_secs(9 * 60));
    fresh.agent.call("send_payment", json!({ "amount": 3 })).await.ran();
    fresh.world.clock.advance(Duration::from_secs(60));
    fresh.asks(&fresh.agent, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_keeps_no_proof_fresh() {
    let fresh = fresh(World::new(&FRESH).await).await;
    fresh.world.clock.advance(Duration::from_secs(9 * 60));
    fresh.world.clock.set_back(Duration::from_secs(5 * 60));
    fresh.world.clock.advance(Duration::from_secs(2 * 60));
    fresh.asks(&fresh.agent, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_fresh_for_its_own_agent_and_user_alone() {
    let home = TestHome::in_memory(&FRESH);
    home.write_people(
        "[[user]]\nid = \"me\"\nname = \"Ana\"\nowner = true\n[[user]]\nid = \"bob\"\nname = \"Bob\"\n",
    );
    let mut fresh = fresh(World::of(home).await).await;
    let _bobs = enrolled_by(&fresh.world, "bob", &mut fresh.key).await;
    let other = fresh.world.agent("codex").await;
    fresh.asks(&other, 2).await;
    let token = fresh.world.pair_for("helper", "bob");
    let of_bob = Agent::connect(fresh.world.door(), "ledger", &token).await;
    fresh.asks(&of_bob, 3).await;
    fresh.agent.call("send_payment", json!({ "amount": 4 })).await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_or_a_sleep_ends_it_and_so_does_not_knowing() {
    for what in ["lock", "sleep", "unknown"] {
        let fresh = fresh(World::new(&FRESH).await).await;
        let presence = fresh.world.engine.presence();
        match what {
            "lock" => presence.set_locked(true),
            "sleep" => presence.set_asleep(true),
            _ => presence.set_unknown("gone"),
        }
        // Whoever asks meanwhile is asked for a passkey; the desk hears of the screen before that.
        let other = fresh.world.agent("codex").await;
        fresh.asks(&other, 2).await;
        presence.set_asleep(false);
        presence.set_locked(false);
        // Back at the screen: what was proven before it counts no more.
        fresh.asks(&fresh.agent, 3).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_ends_it() {
    let kept = Kept { home: TestHome::in_memory(&FRESH), keychain: Arc::default() };
    let upstream = Recorder::start().await;
    let engine = kept.start().await;
    engine.presence().set_locked(false);
    engine.add_upstream(address("ledger", &upstream.url())).unwrap();
    let token = engine.add_agent("claude".parse().unwrap(), "me".parse().unwrap()).unwrap();
    let mut key = passkey();
    run_enrolment(&engine, "me", &mut key, None).await;
    // Signed, so that the next start trusts it.
    let (told, mut urls) = tokio::sync::mpsc::unbounded_channel();
    engine.show_ceremonies_with(Box::new(move |url| told.send(url.to_owned()).is_ok()));
    let signing = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.sign_set().await }
    });
    let page = Page::at(&urls.recv().await.unwrap()).await;
    assert_eq!(page.run(None, Some(&mut key)).await["kind"], "done");
    signing.await.unwrap().unwrap();
    let held = |engine: &Arc<gateway::Engine>| -> Option<HoldId> {
        engine.desk().inbox().first().map(|row| row.hold.clone())
    };
    let agent = Agent::connect(engine.listen_addr(), "ledger", token.as_str()).await;
    let pending = agent.start("send_payment", json!({ "amount": 1 }));
    let hold = super::support::within("it is held", async {
        loop {
            match held(&engine) {
                Some(hold) => break hold,
                None => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    let ceremony = engine.start_ceremony(Subject::Hold { hold }).await.unwrap();
    assert_eq!(Page::open(&ceremony).await.run(None, Some(&mut key)).await["kind"], "done");
    pending.answer().await.ran();
    agent.call("send_payment", json!({ "amount": 2 })).await.ran();
    drop(agent);
    Kept::end(engine).await;

    let engine = kept.start().await;
    engine.presence().set_locked(false);
    let agent = Agent::connect(engine.listen_addr(), "ledger", token.as_str()).await;
    let _pending = agent.start("send_payment", json!({ "amount": 3 }));
    super::support::within("it is held again", async {
        while held(&engine).is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(upstream.calls().len(), 2);
    engine.shutdown().await;
}
