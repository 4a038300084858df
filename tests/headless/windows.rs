//! A fresh proof that counts for a while (`max_age`), through the whole gateway: for whom, for what, and what ends it.

use super::support::agent::Agent;
use super::support::browser::{Page, SoftPasskey, passkey};
use super::support::home::{ALLOW, TestHome};
use super::support::world::World;
use gateway::HoldId;
use gateway::ceremony::{CeremonyEnd, Removal, Subject};
use serde_json::{Value, json};
use std::time::Duration;

const PAYMENTS: (&str, &str) = (
    "payments.toml",
    "name = \"Payments need a passkey\"\n[target]\ntools = [\"ledger/send_payment\"]\n[action]\nkind = \"step_up\"\nmethod = \"passkey\"\nmax_age = \"10m\"\n",
);

struct Scene {
    world: World,
    agent: Agent,
    codex: Agent,
    token: String,
    key: SoftPasskey,
    number: u32,
}

impl Scene {
    async fn new() -> Scene {
        let world = World::of(TestHome::in_memory(&[ALLOW, PAYMENTS])).await;
        world.engine.presence().set_locked(false);
        // Once there is a passkey, a new agent waits for it.
        let token = world.pair("claude");
        let agent = Agent::connect(world.door(), "ledger", &token).await;
        let codex = world.agent("codex").await;
        let subject = Subject::Enrol { person: "me".parse().unwrap(), name: "Laptop".to_owned() };
        let ceremony = world.engine.start_ceremony(subject).await.unwrap();
        let mut key = passkey();
        assert_eq!(Page::open(&ceremony).await.run(Some(&mut key), None).await["kind"], "done");
        assert!(matches!(ceremony.ended().await, CeremonyEnd::Enrolled(_)));
        Scene { world, agent, codex, token, key, number: 0 }
    }

    fn payment(&mut self) -> Value {
        self.number += 1;
        json!({ "amount": self.number, "to": "Bo" })
    }

    /// A payment that waits for a proof, which is given.
    async fn proven(&mut self) {
        let payment = self.payment();
        let pending = self.agent.start("send_payment", payment);
        let card = self.world.held().await;
        let hold: HoldId = card.hold.parse().unwrap();
        let ceremony = self.world.engine.start_ceremony(Subject::Hold { hold }).await.unwrap();
        assert_eq!(Page::open(&ceremony).await.run(None, Some(&mut self.key)).await["kind"], "done");
        pending.answer().await.ran();
    }

    async fn goes(&mut self) {
        let payment = self.payment();
        self.agent.call("send_payment", payment).await.ran();
    }

    /// It waits for a proof, and is rejected.
    async fn is_asked(&mut self) {
        let payment = self.payment();
        let pending = self.agent.start("send_payment", payment);
        let card = self.world.held().await;
        self.world.reject(&card, "No");
        pending.answer().await.refused("rejected");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_proof_counts_for_the_same_agent_until_it_is_too_old() {
    let mut scene = Scene::new().await;
    scene.proven().await;
    scene.goes().await;
    let pending = scene.codex.start("send_payment", json!({ "amount": 9, "to": "Bo" }));
    let card = scene.world.held().await;
    scene.world.reject(&card, "Another agent");
    pending.answer().await.refused("rejected");
    scene.world.pass(Duration::from_secs(9 * 60));
    scene.goes().await;
    scene.world.pass(Duration::from_secs(60));
    scene.is_asked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i6_a_locked_screen_ends_it_and_so_does_a_screen_that_nobody_can_tell_of() {
    let mut scene = Scene::new().await;
    scene.proven().await;
    scene.world.engine.presence().set_locked(true);
    scene.is_asked().await;
    scene.world.engine.presence().set_locked(false);
    scene.is_asked().await;
    scene.proven().await;
    scene.goes().await;
    scene.world.engine.presence().set_unknown("gone");
    scene.is_asked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i6_a_machine_that_woke_up_or_a_clock_that_was_set_back_ends_it() {
    let mut scene = Scene::new().await;
    scene.proven().await;
    scene.goes().await;
    let mut told = scene.world.engine.desk().events();
    scene.world.engine.presence().set_asleep(true);
    scene.world.engine.presence().set_asleep(false);
    super::support::within("the desk hears of it", async {
        for _ in 0..2 {
            while told.recv().await.unwrap() != gateway::DeskEvent::Screen {}
        }
    })
    .await;
    scene.is_asked().await;
    scene.proven().await;
    scene.goes().await;
    scene.world.clock.set_back(Duration::from_secs(30));
    scene.is_asked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i6_a_restart_ends_it() {
    let mut scene = Scene::new().await;
    scene.proven().await;
    scene.goes().await;
    let Scene { world, agent, codex, token, key, number } = scene;
    agent.leave().await;
    codex.leave().await;
    let world = world.restart().await;
    world.engine.presence().set_locked(false);
    let agent = Agent::connect(world.door(), "ledger", &token).await;
    let codex = Agent::connect(world.door(), "ledger", &token).await;
    let mut scene = Scene { world, agent, codex, token, key, number };
    scene.is_asked().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_proof_ends_with_the_passkey_that_gave_it() {
    let mut scene = Scene::new().await;
    let mut other = passkey();
    let subject = Subject::Enrol { person: "me".parse().unwrap(), name: "Key".to_owned() };
    let ceremony = scene.world.engine.start_ceremony(subject).await.unwrap();
    let reply = Page::open(&ceremony).await.run(Some(&mut other), Some(&mut scene.key)).await;
    assert_eq!(reply["kind"], "done", "{reply}");
    let CeremonyEnd::Enrolled(id) = ceremony.ended().await else { panic!("enrolled") };
    std::mem::swap(&mut scene.key, &mut other);
    scene.proven().await;
    scene.goes().await;
    assert!(matches!(scene.world.engine.remove_passkey(&id).await, Ok(Removal::Done)));
    scene.is_asked().await;
}
