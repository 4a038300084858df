//! What an approver is shown beside the call itself, and many answers by one gesture: over the window's own commands,
//! against the whole engine.

use super::POLICIES;
use super::support::journal::kinds_of;
use super::support::world::World;
use ipc::Host;
use serde_json::{Value, json};
use std::sync::Arc;

fn host(world: &World) -> Arc<Host> {
    Host::over(Ok(Arc::clone(&world.engine)), world.home.dir())
}

async fn ask(host: &Host, name: &str, body: Value) -> Value {
    host.call("main", name, body).await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_says_what_differs_from_the_last_approved_call_of_its_tool() {
    let world = World::new(&POLICIES).await;
    let host = host(&world);
    let agent = world.agent("claude").await;
    let first = agent.start("delete_customer", json!({ "customer_id": "c-7", "why": "asked", "copies": 1 }));
    let held = world.held().await;
    let card = ask(&host, "card", json!({ "hold": held.hold })).await;
    assert_eq!(card["last_approved"], Value::Null, "nothing was approved before: {card}");
    world.approve(&held);
    first.answer().await.ran();

    // A rejected call is no measure.
    let rejected = agent.start("delete_customer", json!({ "customer_id": "c-8" }));
    world.reject(&world.held().await, "No");
    rejected.answer().await.refused("rejected");

    let second = agent.start("delete_customer", json!({ "customer_id": "c-9", "copies": 1, "force": true }));
    let held = world.held().await;
    let card = ask(&host, "card", json!({ "hold": held.hold })).await;
    let last = &card["last_approved"];
    assert!(last["by"].as_str().unwrap().ends_with(", in the window"), "{last}");
    let told: Vec<(String, String)> = last["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            let place = usize::try_from(change["argument"].as_u64().unwrap()).unwrap();
            let was = change["was"]["pieces"][0]["text"].as_str().unwrap_or("nothing");
            (
                card["arguments"][place]["path"].as_str().unwrap().to_owned(),
                format!("{} {was}", change["kind"]),
            )
        })
        .collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(path, how)| (path.as_str(), how.as_str())).collect();
    assert_eq!(told, [("customer_id", "\"changed\" c-7"), ("force", "\"new\" nothing")]);
    assert_eq!(last["gone"][0]["path"], "why");
    assert!(second.is_waiting());
}

#[tokio::test(flavor = "multi_thread")]
async fn similar_calls_get_one_vote_each_and_one_that_ended_meanwhile_is_said() {
    let world = World::new(&POLICIES).await;
    let host = host(&world);
    let agent = world.agent("claude").await;
    let other = world.agent("cursor").await;
    let delete = |id: &str| agent.start("delete_customer", json!({ "customer_id": id, "reason": "moved" }));
    let mut calls: Vec<_> = ["c-1", "c-2", "c-3"].map(delete).into();
    // Another agent's call is none of them.
    let elsewhere = other.start("delete_customer", json!({ "customer_id": "c-1" }));
    let holds = world
        .until("all are held", |engine| {
            let inbox = engine.desk().inbox();
            (inbox.len() == 4)
                .then(|| inbox.into_iter().filter(|row| row.agent == "claude").collect::<Vec<_>>())
        })
        .await;
    let similar = ask(&host, "similar", json!({ "hold": holds[0].hold.to_string() })).await;
    assert_eq!(similar["calls"].as_array().unwrap().len(), 3, "{similar}");
    assert_eq!(similar["shared"][0]["path"], "reason");
    assert_eq!(similar["calls"][1]["own"][0]["path"], "customer_id");

    // One of them is rejected while the person looks.
    let gone = world.card(holds[2].hold.as_str()).unwrap();
    world.reject(&gone, "Not that one");
    let votes: Vec<Value> = similar["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| json!({ "hold": call["hold"], "digest": call["digest"] }))
        .collect();
    let outcomes =
        ask(&host, "vote_many", json!({ "calls": votes, "choice": "approve", "reason": null })).await;
    let of = |hold: &str| outcomes.as_array().unwrap().iter().find(|one| one["hold"] == hold).unwrap();
    for held in &holds[..2] {
        assert!(of(held.hold.as_str())["receipt"].is_object(), "{outcomes}");
        let kinds = kinds_of(&world.home.paths().journal(), held.hold.as_str());
        assert_eq!(kinds.iter().filter(|kind| *kind == "vote_cast").count(), 1, "{kinds:?}");
    }
    let problem = &of(gone.hold.as_str())["problem"];
    assert!(problem["message"].as_str().unwrap().contains("it has ended: rejected"), "{problem}");
    let mut ran = 0;
    for call in calls.drain(..) {
        ran += usize::from(call.answer().await.0["isError"] != true);
    }
    assert_eq!((ran, world.upstream.calls().len()), (2, 2));
    assert!(elsewhere.is_waiting());
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_a_hostile_call_is_shown_whole_and_marked_and_the_deepest_is_refused() {
    let world = World::new(&POLICIES).await;
    let host = host(&world);
    let agent = world.agent("claude").await;
    let mut arguments = json!({
        "customer_id": "c-1",
        "huge": format!("{}\u{202e}", "x".repeat(1_000_000)),
        "site": "https://p\u{430}yp\u{430}l.com",
        "hidden": "a\u{200b}b\u{1b}[31m",
        "markup": "<script>alert(1)</script>",
    });
    for n in 0..10_000 {
        arguments[format!("key_{n}")] = json!(n);
    }
    let call = agent.start("delete_customer", arguments);
    let held = world.held().await;
    let card = ask(&host, "card", json!({ "hold": held.hold })).await;
    let rows = card["arguments"].as_array().unwrap();
    assert_eq!(rows.len(), 10_005);
    let row = |path: &str| rows.iter().find(|row| row["path"] == path).unwrap();
    assert_eq!(row("huge")["characters"], 1_000_001);
    assert_eq!(row("huge")["pieces"][1]["name"], "RIGHT-TO-LEFT OVERRIDE");
    assert_eq!(
        row("site")["pieces"][1],
        json!({ "kind": "look_alike", "text": "\u{430}", "like": "a", "name": "CYRILLIC" })
    );
    assert_eq!(row("hidden")["pieces"][1]["name"], "ZERO-WIDTH SPACE");
    assert_eq!(row("hidden")["pieces"][3]["name"], "ESCAPE");
    assert_eq!(row("markup")["pieces"][0]["text"], "<script>alert(1)</script>", "text, as it is");
    world.reject(&held, "No");
    call.answer().await.refused("rejected");

    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let wire = world.wire("raw").await;
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{{"name":"delete_customer","arguments":{{"customer_id":{deep}}}}}}}"#
    );
    assert_eq!(wire.send(body).await.status, reqwest::StatusCode::BAD_REQUEST);
    assert!(world.engine.desk().inbox().is_empty(), "what cannot be read whole is not held for anybody");
    world.upstream.saw_nothing();
}
