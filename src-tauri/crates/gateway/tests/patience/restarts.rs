//! What agents hear after the gateway ended and started again.

use super::agents::{CURSOR, Kind, Leaves};
use super::bench::Bench;
use super::recorder::Manner;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// Says so when it leaves.
const POLITE: Kind = Kind { leaves: Leaves::Closing, ..CURSOR };

#[tokio::test(start_paused = true)]
async fn a_hold_and_an_approval_outlive_a_restart_and_the_retry_collects_it_once() {
    let bench = Bench::new().await;
    let mut agent = bench.agent(POLITE).await;
    assert_eq!(agent.call_once("c-7").await.unwrap().code().as_deref(), Some("still_waiting"));
    let card = bench.held().await;
    let bench = bench.restart().await;
    assert_eq!(bench.held().await.hold, card.hold);
    bench.approve(&card);
    let bench = bench.restart().await;
    bench.upstream.saw_nothing();
    bench.reconnect(&mut agent).await;
    assert!(agent.call_once("c-7").await.unwrap().ran());
    assert_eq!(bench.upstream.calls().len(), 1);
    assert_eq!(bench.prompts(), 1, "asked before the restart, and never again");

    // It was read, so after another restart the identical call is a new one.
    let bench = bench.restart().await;
    bench.reconnect(&mut agent).await;
    let (_, next) = tokio::join!(agent.call_once("c-7"), async {
        let next = bench.held().await;
        bench.reject(&next);
        next
    });
    assert_ne!(next.hold, card.hold);
    assert!(next.ran_before.is_some(), "the journal remembers the run");
}

#[tokio::test(start_paused = true)]
async fn unread_verdicts_outlive_a_restart_and_are_given_once() {
    let bench = Bench::new().await;
    let mut agent = bench.agent(POLITE).await;
    assert_eq!(agent.call_once("rejected").await.unwrap().code().as_deref(), Some("still_waiting"));
    let card = bench.held().await;
    bench.reject(&card);
    assert_eq!(agent.call_once("expired").await.unwrap().code().as_deref(), Some("still_waiting"));
    tokio::time::sleep(14 * MINUTE + Duration::from_secs(30)).await;
    let bench = bench.restart().await;
    bench.reconnect(&mut agent).await;
    assert_eq!(agent.call_once("expired").await.unwrap().code().as_deref(), Some("expired"));
    assert_eq!(bench.prompts(), 2);
    // Read, and so is the restart after it.
    let bench = bench.restart().await;
    bench.reconnect(&mut agent).await;
    assert_eq!(agent.call_once("expired").await.unwrap().code().as_deref(), Some("still_waiting"));
    bench.upstream.saw_nothing();
}

#[tokio::test(start_paused = true)]
async fn a_rejection_outlives_a_restart() {
    let bench = Bench::new().await;
    let mut agent = bench.agent(POLITE).await;
    assert_eq!(agent.call_once("c-7").await.unwrap().code().as_deref(), Some("still_waiting"));
    let card = bench.held().await;
    bench.reject(&card);
    for _ in 0..2 {
        assert_eq!(agent.call_once("c-7").await.unwrap().code().as_deref(), Some("rejected"));
    }
    let bench = bench.restart().await;
    bench.reconnect(&mut agent).await;
    assert_eq!(agent.call_once("c-7").await.unwrap().code().as_deref(), Some("rejected"));
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_answer_broke_off_is_told_as_unknown_and_never_run_again_by_itself() {
    for restarts in [false, true] {
        let bench = Bench::new().await;
        let mut agent = bench.agent(POLITE).await;
        assert_eq!(agent.call_once("c-7").await.unwrap().code().as_deref(), Some("still_waiting"));
        let card = bench.held().await;
        bench.upstream.behave(Manner::BreaksOff);
        bench.approve(&card);
        let answer = agent.call_once("c-7").await.unwrap();
        assert_eq!(answer.code().as_deref(), Some("outcome_unknown"), "{answer:?}");
        assert_eq!(bench.upstream.calls().len(), 1);
        let bench = if restarts { bench.restart().await } else { bench };
        bench.reconnect(&mut agent).await;
        // It was told; asking again is a new call, and a person sees that it may have run.
        assert_eq!(agent.call_once("c-7").await.unwrap().code().as_deref(), Some("still_waiting"));
        let next = bench.held().await;
        assert_ne!(next.hold, card.hold);
        assert!(next.ran_before.is_some());
        assert_eq!(bench.upstream.calls().len(), 1);
    }
}
