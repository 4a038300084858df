//! A backtest over a long record: the newest calls that can match come at once, the rest behind, and an author who types
//! meanwhile waits for none of it. With `DOORWARD_DEEP` the record has a hundred thousand calls.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where something is not as it must be"
)]

mod desktop;

use approvals::{Admission, Ids, admit};
use desktop::Desktop;
use gateway::Hypothetical;
use journal::Completion;
use policy::{Timestamp, Value};
use serde_json::json;
use std::time::Instant;

/// What one answer looks at.
const AT_ONCE: u64 = 5_000;

fn calls() -> u64 {
    if std::env::var_os("DOORWARD_DEEP").is_some() { 100_000 } else { 11_000 }
}

/// Calls that no policy held, as the pipeline records them; every fourth is of another tool.
fn record(desktop: &Desktop, calls: u64) {
    let engine = &desktop.engine;
    let arguments = Value::parse(br#"{"amount": 12.50, "note": "train"}"#).unwrap();
    let wanted = Hypothetical {
        upstream: "practice".to_owned(),
        tool: "pay".to_owned(),
        agent: "practice".to_owned(),
        user: None,
        arguments,
        at: None,
    };
    let (call, facts) = engine.hypothetical(wanted, &Value::Null).unwrap();
    let in_force = engine.sets().current();
    let owner = in_force.people.owner().unwrap().id.clone();
    let now = engine.desk().clock().now();
    for n in 0..calls {
        let mut call = call.clone();
        if n % 4 == 3 {
            call.tool = "list".parse().unwrap();
        }
        let (mut one, mut other) = ([1; 16], [2; 16]);
        one[..8].copy_from_slice(&n.to_be_bytes());
        other[..8].copy_from_slice(&n.to_be_bytes());
        let decision = policy::decide(&in_force.set, &call, &facts);
        let at = Timestamp(now.0 - i64::try_from(calls - n).unwrap());
        let ids = Ids::from_random(one, other);
        let admitted = admit(decision, call, facts.clone(), owner.clone(), ids, at);
        let Admission::Released(released) = admitted else { panic!("released, not {admitted:?}") };
        let release = released.id().clone();
        drop(engine.journal().commit(released).unwrap());
        engine.journal().complete(&release, &Completion::answered(false, b"{}")).unwrap();
        // The queue behind is bounded: an agent would be slower than this.
        if n % 200 == 199 {
            engine.journal().settle().unwrap();
        }
    }
    engine.journal().settle().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_calls_come_at_once_the_rest_behind_and_typing_waits_for_none() {
    let desktop = Desktop::start(&[]).await;
    let all = calls();
    record(&desktop, all);
    let mut draft = desktop.draft().await;
    (draft["name"], draft["tools"], draft["when"]) =
        (json!("Tried"), json!(["practice/pay"]), json!("amount > 10"));
    draft["action"] = json!({"kind": "deny", "flow": null, "method": null, "max_age": null, "message": null});

    let began = Instant::now();
    let (first, typed) = tokio::join!(
        async { (desktop.told("backtest", json!({"draft": draft, "so_far": null})).await, began.elapsed()) },
        async {
            let mut slowest = std::time::Duration::ZERO;
            for letter in 0..5 {
                let mut typed = draft.clone();
                typed["name"] = json!(format!("Tried {letter}"));
                let pressed = Instant::now();
                desktop.told("read_draft", json!({"draft": typed})).await;
                slowest = slowest.max(pressed.elapsed());
            }
            slowest
        },
    );
    let (mut view, took) = first;
    assert_eq!((&view["judged"], &view["changed"]), (&json!(AT_ONCE), &json!(AT_ONCE)), "{view}");
    assert!(view["before"].is_number(), "the rest comes behind");
    assert!(typed < took, "one letter took {typed:?}, the first part of the backtest {took:?}");
    let mut answers = 1;
    while view["before"].is_number() {
        let seen = view["seen"].as_u64().unwrap();
        view = desktop.told("backtest", json!({"draft": draft, "so_far": view})).await;
        assert!(view["seen"].as_u64().unwrap() > seen, "each answer goes further back");
        answers += 1;
    }
    assert_eq!(view["seen"].as_u64().unwrap(), all);
    assert_eq!(view["judged"].as_u64().unwrap(), all - all / 4, "calls of another tool cannot match");
    println!("{all} calls in {answers} answers: the first after {took:?}, a letter read in {typed:?}");
    desktop.engine.shutdown().await;
}
