//! The passphrase: a weaker proof, of the desk's owner alone, where the policies take one.

use super::held::{POLICIES, ceremony_of};
use super::support::browser::{Page, passkey};
use super::support::home::ALLOW;
use super::support::journal;
use super::support::world::{World, digest};
use super::{enrolled, run_enrolment};
use gateway::card::Card;
use gateway::ceremony::{CeremonyEnd, Subject};
use gateway::desk::VoteReceipt;
use gateway::passphrase::{Typed, TypedError};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const RIGHT: &str = "four words in a row";

/// Either proof is taken, and stays fresh for ten minutes.
const EITHER: [(&str, &str); 2] = [
    ALLOW,
    (
        "payments.toml",
        r#"
name = "Payments need you"
[target]
tools = ["ledger/send_payment"]
[action]
kind = "step_up"
method = "any"
"#,
    ),
];

fn typed(text: &str) -> Typed {
    Typed::new(text.to_owned())
}

async fn with_passphrase(policies: &[(&str, &str)]) -> World {
    let world = World::new(policies).await;
    world.engine.set_passphrase(typed(RIGHT), None).await.unwrap();
    world
}

async fn prove(world: &World, card: &Card, text: &str) -> Result<VoteReceipt, TypedError> {
    let (engine, hold, digest) = (Arc::clone(&world.engine), card.hold.parse().unwrap(), digest(card));
    let text = typed(text);
    tokio::task::spawn_blocking(move || engine.prove_by_passphrase(&hold, digest, &text)).await.unwrap()
}

fn refused(world: &World) -> usize {
    let lines = journal::lines(&world.home.paths().journal());
    lines.iter().filter(|line| line.kind == "passphrase_refused").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_passphrase_releases_one_call_once_where_the_policy_takes_it() {
    let world = with_passphrase(&EITHER).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("send_payment", json!({ "amount": 1 }));
    let card = world.held().await;
    assert_eq!(card.step_up.as_deref(), Some("any"));
    assert!(world.vote(&card, approvals::Choice::Approve).is_err(), "a click is no proof");
    let offer = world.engine.proof_offer(&card.hold.parse().unwrap()).unwrap();
    assert_eq!((offer.passkey, offer.passphrase), (false, true));
    let wrong = prove(&world, &card, "not the right words").await.unwrap_err();
    assert!(matches!(wrong, TypedError::Passphrase(error) if error.code() == "passphrase_wrong"));
    world.upstream.saw_nothing();
    prove(&world, &card, RIGHT).await.unwrap();
    assert_eq!(pending.answer().await.ran(), "send_payment ran");
    assert!(prove(&world, &card, RIGHT).await.is_err(), "it is used");
    assert_eq!(world.upstream.calls().len(), 1);
    assert_eq!(refused(&world), 2, "the wrong guess, and the second use");
    // What is on record says how, and nothing of what was typed.
    let entries = world.engine.journal().entries(0).unwrap();
    let bodies: String = entries.iter().filter_map(|entry| entry.body.as_deref()).collect();
    assert!(bodies.contains("\"method\":\"passphrase\""), "{bodies}");
    assert!(!bodies.contains(RIGHT) && !bodies.contains("not the right words"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_nothing_where_a_policy_insists_on_a_passkey() {
    let world = with_passphrase(&POLICIES).await;
    let agent = world.agent("claude").await;
    // Nobody here could prove it: the call is not held at all.
    agent.start("send_payment", json!({ "amount": 1 })).answer().await.refused("step_up_not_set_up");
    let mut key = passkey();
    let me = "me".parse().unwrap();
    let ceremony = world.engine.enrol_by_passphrase(me, "Laptop".to_owned(), typed(RIGHT)).await.unwrap();
    assert_eq!(Page::open(&ceremony).await.run(Some(&mut key), None).await["kind"], "done");
    let pending = agent.start("send_payment", json!({ "amount": 2 }));
    let card = world.held().await;
    let offer = world.engine.proof_offer(&card.hold.parse().unwrap()).unwrap();
    assert_eq!((offer.passkey, offer.passphrase), (true, false));
    assert!(matches!(prove(&world, &card, RIGHT).await, Err(TypedError::Vote(_))));
    assert_eq!(refused(&world), 1, "and it is on record");
    world.upstream.saw_nothing();
    let page = Page::open(&ceremony_of(&world, &card).await).await;
    assert_eq!(page.run(None, Some(&mut key)).await["kind"], "done");
    pending.answer().await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_it_waits_longer_whatever_the_clock_says_and_each_guess_is_on_record() {
    let world = with_passphrase(&EITHER).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("send_payment", json!({ "amount": 1 }));
    let card = world.held().await;
    for _ in 0..3 {
        let wrong = prove(&world, &card, "a guess and no more").await.unwrap_err();
        assert!(matches!(wrong, TypedError::Passphrase(error) if error.code() == "passphrase_wrong"));
    }
    // Not even the right one now; and neither way of setting the clock helps.
    for moved in [Duration::ZERO, Duration::from_secs(60)] {
        world.clock.set_back(moved);
        let waits = prove(&world, &card, RIGHT).await.unwrap_err();
        assert!(matches!(waits, TypedError::Passphrase(error) if error.code() == "passphrase_wait"));
    }
    assert_eq!(refused(&world), 5);
    assert!(pending.is_waiting());
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn once_it_is_set_the_first_passkey_is_let_in_by_it() {
    let world = with_passphrase(&EITHER).await;
    let me: policy::UserId = "me".parse().unwrap();
    let subject = Subject::Enrol { person: me.clone(), name: "Mine".to_owned() };
    let error = world.engine.start_ceremony(subject).await.err().unwrap();
    assert_eq!(error.code(), "passphrase_needed");
    let error = world.engine.enrol_by_passphrase(me.clone(), "Mine".to_owned(), typed("a guess it is")).await;
    assert_eq!(error.err().unwrap().code(), "passphrase_wrong");
    assert_eq!(refused(&world), 1);
    let ceremony = world.engine.enrol_by_passphrase(me, "Mine".to_owned(), typed(RIGHT)).await.unwrap();
    let mut key = passkey();
    assert_eq!(Page::open(&ceremony).await.run(Some(&mut key), None).await["kind"], "done");
    assert!(matches!(ceremony.ended().await, CeremonyEnd::Enrolled(_)));
    // From then on passkeys let passkeys in.
    run_enrolment(&world.engine, "me", &mut passkey(), Some(&mut key)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_passkey_enrolled_a_passphrase_is_set_with_it_and_goes_freely() {
    let world = World::new(&EITHER).await;
    let mut key = enrolled(&world, "me").await;
    let (told, mut urls) = tokio::sync::mpsc::unbounded_channel();
    world.engine.show_ceremonies_with(Box::new(move |url| told.send(url.to_owned()).is_ok()));
    let set = {
        let engine = Arc::clone(&world.engine);
        tokio::spawn(async move { engine.set_passphrase(typed(RIGHT), None).await })
    };
    let page = Page::at(&urls.recv().await.unwrap()).await;
    assert!(page.text.contains("Set a passphrase"), "{}", page.text);
    assert!(!world.engine.has_passphrase(), "not before the passkey was used");
    assert_eq!(page.run(None, Some(&mut key)).await["kind"], "done");
    set.await.unwrap().unwrap();
    assert!(world.engine.has_passphrase());
    world.engine.remove_passphrase(None).await.unwrap();
    assert!(!world.engine.has_passphrase());
    let kinds = journal::lines(&world.home.paths().journal());
    for kind in ["passphrase_set", "passphrase_removed"] {
        assert!(kinds.iter().any(|line| line.kind == kind), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_passkey_it_is_changed_and_removed_only_by_who_knows_it() {
    let world = with_passphrase(&EITHER).await;
    let other = "something else entirely";
    assert!(world.engine.set_passphrase(typed(other), None).await.is_err());
    assert!(world.engine.remove_passphrase(Some(typed(other))).await.is_err());
    assert_eq!(refused(&world), 2);
    world.engine.set_passphrase(typed(other), Some(typed(RIGHT))).await.unwrap();
    world.engine.remove_passphrase(Some(typed(other))).await.unwrap();
    assert!(!world.engine.has_passphrase());
}
