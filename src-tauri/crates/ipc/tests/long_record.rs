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
use policy::Timestamp;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Calls that can match, of one answer at most.
const AT_ONCE: u64 = 5_000;

fn calls() -> u64 {
    if std::env::var_os("DOORWARD_DEEP").is_some() { 100_000 } else { 6_800 }
}

/// Calls that no policy held, as the pipeline records them; every fourth is of another tool.
fn record(desktop: &Desktop, calls: u64) {
    let engine = &desktop.engine;
    let arguments = policy::Value::parse(br#"{"amount": 12.50, "note": "train"}"#).unwrap();
    let wanted = Hypothetical {
        upstream: "practice".to_owned(),
        tool: "pay".to_owned(),
        agent: "practice".to_owned(),
        user: None,
        arguments,
        at: None,
    };
    let (call, facts) = engine.hypothetical(wanted, &policy::Value::Null).unwrap();
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

    // The backtest goes to its end while somebody types: no letter waits for that.
    let began = Instant::now();
    let ((views, whole), typed) = tokio::join!(
        async {
            let mut views: Vec<(Value, Duration)> = Vec::new();
            loop {
                let so_far = views.last().map_or(json!(null), |(view, _)| view.clone());
                let asked = Instant::now();
                let view = desktop.told("backtest", json!({"draft": draft, "so_far": so_far})).await;
                let is_last = view["before"].is_null();
                views.push((view, asked.elapsed()));
                if is_last {
                    break (views, began.elapsed());
                }
            }
        },
        async {
            let mut slowest = Duration::ZERO;
            for letter in 0..5 {
                let mut typed = draft.clone();
                typed["name"] = json!(format!("Tried {letter}"));
                let pressed = Instant::now();
                desktop.told("read_draft", json!({"draft": typed})).await;
                slowest = slowest.max(pressed.elapsed());
            }
            (slowest, began.elapsed())
        },
    );
    let ((slowest, five), (first, took)) = (typed, &views[0]);
    assert!(five < whole, "five letters took {five:?}, the backtest {whole:?}");
    assert!(first["before"].is_number(), "the rest comes behind");
    let judged = |view: &Value| view["judged"].as_u64().unwrap();
    let mut before = 0;
    for (view, _) in &views {
        assert_eq!(view["judged"], view["changed"]);
        assert!(judged(view) >= before && judged(view) - before <= AT_ONCE, "{before} and then {view}");
        before = judged(view);
    }
    let (last, _) = views.last().unwrap();
    assert_eq!(last["seen"].as_u64().unwrap(), all);
    assert_eq!(judged(last), all - all / 4, "calls of another tool cannot match");
    let within = |days: u16| json!({"draft": draft, "so_far": null, "days": days});
    assert_eq!(desktop.told("backtest", within(0)).await["seen"], 0);
    assert!(judged(&desktop.told("backtest", within(1)).await) > 0);
    let (answers, newest) = (views.len(), judged(first));
    println!(
        "{all} calls in {answers} answers and {whole:?}: the newest {newest} that can match after {took:?}; a letter was read in {slowest:?} at most"
    );
    desktop.engine.shutdown().await;
}
