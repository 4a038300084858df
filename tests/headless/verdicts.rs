//! How a call can end, as the agent reads it and as the upstream saw it.

use super::POLICIES;
use super::support::agent::Agent;
use super::support::within;
use super::support::world::{World, digest};
use approvals::Choice;
use gateway::DeskEvent;
use gateway::card::CardState;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_call_runs_and_its_answer_comes_back() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    assert_eq!(
        agent.tool_names().await,
        ["create_expense", "delete_customer", "list_expenses", "send_payment"]
    );
    assert_eq!(agent.call("list_expenses", json!({})).await.ran(), "list_expenses ran");
    assert_eq!(agent.call("create_expense", json!({ "amount": 12 })).await.ran(), "create_expense ran");
    assert_eq!(world.upstream.calls().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_call_is_refused_and_reaches_no_tool() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let text = agent.call("create_expense", json!({ "amount": 5001 })).await.refused("denied");
    assert!(text.contains("Ask for a purchase order."), "the policy's message is passed on: {text}");
    assert!(!text.contains("No large expenses"), "the names of policies are not: {text}");
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn i1_a_held_call_runs_only_after_its_approval() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    let card = world.held().await;
    assert_eq!(
        (card.agent.as_str(), card.upstream.as_str(), card.tool.as_str()),
        ("claude", "ledger", "delete_customer")
    );
    assert_eq!(card.reasons[0].name, "Customers are deleted by people");
    assert!(pending.is_waiting());
    world.upstream.saw_nothing();
    world.approve(&card);
    assert_eq!(pending.answer().await.ran(), "delete_customer ran");
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_call_is_refused_with_the_reason_and_reaches_no_tool() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    world.reject(&world.held().await, "They still owe us money");
    let text = pending.answer().await.refused("rejected");
    assert!(text.contains("They still owe us money"), "{text}");
    world.upstream.saw_nothing();

    // Nobody is asked the same again at once.
    let again = agent.call("delete_customer", json!({ "customer_id": "c-7" })).await.refused("rejected");
    assert!(again.contains("They still owe us money"), "{again}");
    assert!(world.engine.desk().inbox().is_empty());
    // Five minutes later they are.
    world.pass(Duration::from_secs(5 * 60));
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    world.reject(&world.held().await, "Still not");
    pending.answer().await.refused("rejected");
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn i5_an_expired_call_is_refused_and_cannot_be_approved_any_more() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    let card = world.held().await;
    // The built-in flow waits a quarter of an hour.
    world.pass(Duration::from_secs(14 * 60));
    assert!(pending.is_waiting(), "not yet");
    world.pass(Duration::from_secs(60));
    pending.answer().await.refused("expired");
    assert!(world.vote(&card, Choice::Approve).is_err(), "a late vote does not count");
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn i1_an_approval_whose_agent_left_runs_nothing_and_ends_uncollected() {
    let world = World::new(&POLICIES).await;
    let token = world.pair("claude");
    let agent = Agent::connect(world.door(), "ledger", &token).await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    let card = world.held().await;
    agent.leave().await;
    drop(pending);
    world.until("the hold is unattended", |_| world.card(&card.hold).filter(|card| !card.attended)).await;
    world.approve(&card);
    world.upstream.saw_nothing();
    world.pass(Duration::from_secs(10 * 60));
    world
        .until("the approval ends", |_| world.card(&card.hold).filter(|card| card.state == CardState::Ended))
        .await;

    // It comes back, and hears once what became of its call; then it may ask again.
    let agent = Agent::connect(world.door(), "ledger", &token).await;
    agent.call("delete_customer", json!({ "customer_id": "c-7" })).await.refused("uncollected");
    let again = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    let next = world.held().await;
    assert_ne!(next.hold, card.hold, "the old approval is not used");
    world.upstream.saw_nothing();
    world.approve(&next);
    again.answer().await.ran();
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn i6_a_call_that_needs_a_step_up_is_refused_while_there_is_none() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let text =
        agent.call("send_payment", json!({ "amount": 1, "to": "Bo" })).await.refused("step_up_not_set_up");
    assert!(text.contains("step-up is not set up"), "{text}");
    assert!(world.engine.desk().inbox().is_empty());
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_words_of_its_own() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let denied = agent.call("create_expense", json!({ "amount": 9000 })).await.refused("denied");
    let step_up =
        agent.call("send_payment", json!({ "amount": 1, "to": "Bo" })).await.refused("step_up_not_set_up");
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    world.vote(&world.held().await, Choice::Reject { reason: None }).unwrap();
    let rejected = pending.answer().await.refused("rejected");
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-2" }));
    world.held().await;
    world.pass(Duration::from_secs(15 * 60));
    let expired = pending.answer().await.refused("expired");

    let texts = BTreeSet::from([denied, step_up, rejected, expired]);
    assert_eq!(texts.len(), 4, "{texts:#?}");
    for text in &texts {
        assert!(text.contains("not run"), "it says that nothing happened: {text}");
    }
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn i2_the_identical_call_joins_the_open_hold_and_one_run_answers_both() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let first = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    let card = world.held().await;
    let mut events = world.engine.desk().events();
    let second = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    let joined = within("the second call joins", async {
        loop {
            if let DeskEvent::HoldChanged { hold } = events.recv().await.unwrap() {
                return hold;
            }
        }
    });
    assert_eq!(joined.await.to_string(), card.hold);
    assert_eq!(world.engine.desk().inbox().len(), 1, "nobody is asked twice");
    world.approve(&card);
    assert_eq!(first.answer().await.ran(), "delete_customer ran");
    assert_eq!(second.answer().await.ran(), "delete_customer ran");
    assert_eq!(world.upstream.calls().len(), 1, "it ran once");

    // An answer that was delivered is not given again: the next identical call is a new one.
    let third = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    let next = world.held().await;
    assert_ne!(next.hold, card.hold);
    world.reject(&next, "Once is enough");
    third.answer().await.refused("rejected");
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn i2_a_vote_counts_for_the_call_that_was_shown_and_only_once() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let (one, two) = (json!({ "customer_id": "c-1" }), json!({ "customer_id": "c-2" }));
    let first = agent.start("delete_customer", one);
    let card = world.held().await;
    let second = agent.start("delete_customer", two);
    let other = world
        .until("the second hold", |engine| {
            engine.desk().inbox().into_iter().find(|row| row.hold.as_str() != card.hold)
        })
        .await;

    // The digest of the one call does not approve the other.
    let owner = world.engine.owner_id().unwrap();
    let desk = world.engine.desk();
    let crossed = desk.vote(&other.hold, digest(&card), Choice::Approve, approvals::Means::Window, &owner);
    assert!(crossed.is_err(), "a vote for another call");
    let stranger = "mallory".parse().unwrap();
    let by_stranger = desk.vote(
        &other.hold,
        digest(&world.card(other.hold.as_str()).unwrap()),
        Choice::Approve,
        approvals::Means::Window,
        &stranger,
    );
    assert!(by_stranger.is_err(), "a vote by nobody we know");
    world.upstream.saw_nothing();

    world.approve(&card);
    first.answer().await.ran();
    assert!(world.vote(&card, Choice::Approve).is_err(), "the vote was used");
    assert_eq!(world.upstream.calls().len(), 1);
    let open = world.card(other.hold.as_str()).unwrap();
    world.reject(&open, "No");
    second.answer().await.refused("rejected");
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_cannot_bury_its_person_under_holds() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let held: Vec<_> = (0..gateway::desk::HOLD_CAP)
        .map(|number| agent.start("delete_customer", json!({ "customer_id": format!("c-{number}") })))
        .collect();
    let full =
        |engine: &gateway::Engine| (engine.desk().inbox().len() == gateway::desk::HOLD_CAP).then_some(());
    world.until("the inbox is as full as it gets", full).await;
    agent.call("delete_customer", json!({ "customer_id": "one-more" })).await.refused("too_many_holds");
    // Another agent still has its own.
    let codex = world.agent("codex").await;
    let other = codex.start("delete_customer", json!({ "customer_id": "c-0" }));
    let open = world
        .until("its hold", |engine| engine.desk().inbox().into_iter().find(|row| row.agent == "codex"))
        .await;
    world.approve(&world.card(open.hold.as_str()).unwrap());
    other.answer().await.ran();
    assert!(held.iter().all(|call| call.is_waiting()));
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_the_agents_token_goes_no_further_than_the_door() {
    let world = World::new(&POLICIES).await;
    let token = world.pair("claude");
    let agent = Agent::connect(world.door(), "ledger", &token).await;
    agent.call("list_expenses", json!({})).await.ran();
    let received = world.upstream.received();
    assert!(
        received.contains("list_expenses")
            && !received.contains(&token)
            && !received.contains("authorization")
    );
    let home = std::fs::read_to_string(world.home.paths().agents()).unwrap();
    assert!(home.contains("claude") && !home.contains(&token));
}
