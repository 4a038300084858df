//! What a person finds who comes back: held calls follow their deadlines while the screen is locked, and a clock that
//! is set or a machine that sleeps changes nothing about that.

use super::POLICIES;
use super::support::home::{ALLOW, TestHome};
use super::support::journal::kinds_of;
use super::support::world::World;
use approvals::Choice;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_is_told_what_waits_and_what_expired() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    world.engine.presence().set_locked(false);
    let early = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    world.held().await;
    world.engine.presence().set_locked(true);
    world.pass(Duration::from_secs(60 * 60));
    early.answer().await.refused("expired");
    let late = agent.start("delete_customer", json!({ "customer_id": "c-2" }));
    let card = world.held().await;
    assert!(world.engine.away_digest().is_none(), "nobody is back yet");
    world.engine.presence().set_locked(false);
    let digest = world.until("a digest", |engine| engine.away_digest()).await;
    assert_eq!(digest.sentence().as_deref(), Some("While you were away: 1 waiting, 1 expired."));
    // What waits still waits, and is decided as ever.
    world.approve(&card);
    late.answer().await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_the_machine_slept_over_has_expired_on_waking() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    world.engine.presence().set_asleep(true);
    world.clock.oversleep(Duration::from_secs(60 * 60));
    world.engine.presence().set_asleep(false);
    pending.answer().await.refused("expired");
    assert!(world.vote(&card, Choice::Approve).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_lengthens_no_hold() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    world.engine.desk().pass_deadlines();
    world.clock.set_back(Duration::from_secs(24 * 60 * 60));
    world.engine.desk().pass_deadlines();
    assert!(pending.is_waiting());
    // As much time as the hold had goes by, and the clock people read is still a day behind.
    world.clock.advance(Duration::from_secs(60 * 60));
    assert!(world.vote(&card, Choice::Approve).is_err(), "its time is over");
    world.engine.desk().pass_deadlines();
    pending.answer().await.refused("expired");
    let kinds = kinds_of(&world.home.paths().journal(), &card.hold);
    assert!(kinds.contains(&"deadline_passed".to_owned()), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_screen_makes_no_digest_and_policies_see_the_screen_as_it_is() {
    let locked = (
        "locked.toml",
        "name = \"Nothing runs while nobody is here\"\nwhen = 'context.locked == true'\n[action]\nkind = \"deny\"\n",
    );
    let world = World::of(TestHome::in_memory(&[ALLOW, locked])).await;
    let agent = world.agent("claude").await;
    // Nobody can tell: what restricts applies.
    agent.call("list_expenses", json!({})).await.refused("denied");
    world.engine.presence().set_locked(false);
    agent.call("list_expenses", json!({})).await.ran();
    world.engine.presence().set_locked(true);
    agent.call("list_expenses", json!({})).await.refused("denied");
    world.engine.presence().set_unknown("gone");
    agent.call("list_expenses", json!({})).await.refused("denied");
    assert!(world.engine.away_digest().is_none());
}
