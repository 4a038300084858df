//! Simulated agents that wait, give up, leave and come back as real ones do, on a clock that nobody waits for:
//! the tool runs once, a person is asked once.
//!
//! Engine, agents and upstream share one thread whose clock stands still while anything is to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "patience/agents.rs"]
mod agents;
#[path = "patience/bench.rs"]
mod bench;
#[path = "patience/leaving.rs"]
mod leaving;
#[path = "patience/pairing.rs"]
mod pairing;
#[path = "../../../../tests/support/recorder.rs"]
#[allow(dead_code, reason = "the whole-app tests use all of it")]
mod recorder;
#[path = "patience/restarts.rs"]
mod restarts;
#[path = "patience/rounds.rs"]
mod rounds;

use agents::{CLAUDE, CODEX, CURSOR, GEMINI, Kind, SILENT_CLAUDE};
use bench::Bench;
use std::time::Duration;

const KINDS: [Kind; 5] = [CLAUDE, SILENT_CLAUDE, CODEX, GEMINI, CURSOR];

/// An agent of this kind calls, and calls again whenever it is told to; the person approves after `decides`.
async fn approved_after(kind: Kind, decides: Duration) {
    // The built-in flow would expire before Claude Code's own limit.
    let bench = Bench::with_flow("2h").await;
    let agent = bench.agent(kind).await;
    let call = tokio::spawn(async move { agent.call_until_settled("c-7").await });
    let card = bench.held().await;
    tokio::time::sleep_until(bench.began + decides).await;
    bench.approve(&card);
    let settled = call.await.unwrap();
    let what = format!("{} after {decides:?}: {settled:?}", kind.name);
    assert!(settled.answer.ran(), "{what}");
    assert!(!settled.gave_up, "nobody is kept beyond its patience: {what}");
    assert_eq!(bench.upstream.calls().len(), 1, "it runs exactly once: {what}");
    assert_eq!(bench.prompts(), 1, "one prompt: {what}");
    let turns = decides.as_secs_f64() / kind.limit.as_secs_f64();
    assert!(settled.turns as f64 <= turns.ceil() + 1.0, "it is told to call again at its limit: {what}");
}

#[tokio::test(start_paused = true)]
async fn an_approval_before_the_limit_runs_the_call_once() {
    for kind in KINDS {
        approved_after(kind, Duration::from_secs(10)).await;
        approved_after(kind, kind.limit - Duration::from_secs(2)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_approval_at_the_very_limit_runs_the_call_once() {
    for kind in [CODEX, CURSOR] {
        for milliseconds in [-20_i32, -1, 0, 1, 20] {
            let moved = Duration::from_millis(milliseconds.unsigned_abs().into());
            let decides = if milliseconds < 0 { kind.limit - moved } else { kind.limit + moved };
            approved_after(kind, decides).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_approval_long_after_the_limit_finds_the_agent_that_came_back() {
    for kind in KINDS {
        approved_after(kind, kind.limit + Duration::from_secs(3)).await;
        approved_after(kind, Duration::from_secs(14 * 60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_limit_the_agent_is_told_so_in_a_result_that_is_an_error() {
    for kind in KINDS {
        let bench = Bench::with_flow("2h").await;
        let agent = bench.agent(kind).await;
        let began = tokio::time::Instant::now();
        let answer = agent.call_once("c-7").await.expect("an answer before it gives up");
        let took = began.elapsed();
        assert!(took >= kind.limit && took < kind.limit + Duration::from_secs(2), "{}: {took:?}", kind.name);
        assert_eq!(answer.code().as_deref(), Some("still_waiting"), "{answer:?}");
        assert!(answer.text().contains("identical arguments"), "{answer:?}");
        let card = bench.held().await;
        let meta = answer.meta();
        assert_eq!(meta["hold"], card.hold);
        assert_eq!(meta["state"], "waiting");
        let expires: jiff::Timestamp = meta["expires"].as_str().unwrap().parse().unwrap();
        assert_eq!(expires.as_millisecond(), card.deadline);
        assert!(!card.attended, "nobody waits for now");
        assert_eq!(bench.upstream.calls().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_limit_that_a_person_set_goes_before_the_agents_name() {
    let bench = Bench::new().await;
    let agent = bench.agent(CURSOR).await;
    bench.engine.set_wait_limit(CURSOR.name, Some(Duration::from_secs(20))).unwrap();
    let began = tokio::time::Instant::now();
    let answer = agent.call_once("c-7").await.unwrap();
    assert_eq!(answer.code().as_deref(), Some("still_waiting"));
    assert!(began.elapsed() < Duration::from_secs(21), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn changed_arguments_are_a_new_hold() {
    let bench = Bench::new().await;
    let agent = bench.agent(CURSOR).await;
    assert_eq!(agent.call_once("c-7").await.unwrap().code().as_deref(), Some("still_waiting"));
    let card = bench.held().await;
    bench.approve(&card);
    assert_eq!(agent.call_once("c-8").await.unwrap().code().as_deref(), Some("still_waiting"));
    assert_eq!(bench.upstream.calls().len(), 0, "an approval is for one call only");
    assert_eq!(bench.prompts(), 2);
    assert!(agent.call_once("c-7").await.unwrap().ran());
    assert_eq!(bench.upstream.calls().len(), 1);
}
