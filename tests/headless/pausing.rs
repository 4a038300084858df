//! *Hold everything*: each call waits for a person, and nothing that was allowed before goes past them.

use super::POLICIES;
use super::support::journal::kinds_of;
use super::support::within;
use super::support::world::World;
use gateway::DeskEvent;
use gateway::card::ReasonKind;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_would_go_waits_while_everything_is_held_and_goes_by_a_vote() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    agent.call("list_expenses", json!({})).await.ran();
    world.engine.pause(true).unwrap();

    let call = agent.start("list_expenses", json!({}));
    let card = world.held().await;
    assert_eq!(card.reasons.first().unwrap().kind, ReasonKind::Paused, "{:?}", card.reasons);
    assert_eq!(world.upstream.calls().len(), 1, "nothing went past the person");
    world.approve(&card);
    call.answer().await.ran();
    let kinds = kinds_of(&world.home.paths().journal(), &card.hold);
    assert!(kinds.contains(&"vote_cast".to_owned()), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_denies_is_denied_while_everything_is_held() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    world.engine.pause(true).unwrap();
    agent.call("create_expense", json!({ "amount": 9000 })).await.refused("denied");
    assert!(world.engine.desk().inbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_calls_may_go_again_new_ones_do_and_what_waits_still_needs_its_answer() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    world.engine.pause(true).unwrap();
    let call = agent.start("list_expenses", json!({ "month": 1 }));
    let card = world.held().await;
    world.engine.pause(false).unwrap();
    agent.call("list_expenses", json!({ "month": 2 })).await.ran();
    // A newer set judges it again; why it waits stays.
    world.engine.set_changed();
    assert!(call.is_waiting());
    assert_eq!(world.held().await.reasons.first().unwrap().kind, ReasonKind::Paused);
    world.reject(&card, "not now");
    call.answer().await.refused("rejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_still_held_after_a_restart() {
    let world = World::new(&POLICIES).await;
    world.engine.pause(true).unwrap();
    let world = world.restart().await;
    assert!(world.engine.is_paused());
    let agent = world.agent("claude").await;
    let call = agent.start("list_expenses", json!({}));
    let card = world.held().await;
    world.upstream.saw_nothing();
    world.engine.pause(false).unwrap();
    let world = world.restart().await;
    assert!(!world.engine.is_paused());
    drop((call, card));
}

#[tokio::test(flavor = "multi_thread")]
async fn holding_everything_twice_is_said_and_recorded_once() {
    let world = World::new(&POLICIES).await;
    let mut events = world.engine.desk().events();
    world.engine.pause(true).unwrap();
    world.engine.pause(true).unwrap();
    world.engine.pause(false).unwrap();
    for _ in 0..2 {
        assert_eq!(within("it is said", events.recv()).await.unwrap(), DeskEvent::Paused);
    }
    assert!(events.try_recv().is_err());
    let entries = world.engine.journal().entries(1).unwrap();
    let kinds = entries.iter().map(|entry| entry.kind.as_str());
    let kinds: Vec<&str> = kinds.filter(|kind| matches!(*kind, "paused" | "resumed")).collect();
    assert_eq!(kinds, ["paused", "resumed"]);
}
