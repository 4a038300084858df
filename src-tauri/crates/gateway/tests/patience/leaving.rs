//! Agents that left before the verdict: nothing is sent up for them, and what came of it waits for them once.

use super::agents::{CODEX, CURSOR, GEMINI, Kind, Leaves, SILENT_CLAUDE};
use super::bench::Bench;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// An agent that Doorward was told to keep waiting for longer than it puts up with: it leaves.
pub(super) async fn left(bench: &Bench, kind: Kind) -> (super::agents::Agent, gateway::card::Card) {
    let agent = bench.agent(kind).await;
    bench.engine.set_wait_limit(kind.name, Some(60 * MINUTE)).unwrap();
    assert!(agent.call_once("c-7").await.is_none(), "it gives up");
    let card = bench.held().await;
    if kind.leaves != Leaves::WithoutASign {
        bench.unattended(&card).await;
    }
    (agent, card)
}

#[tokio::test(start_paused = true)]
async fn i1_an_approval_after_the_agent_left_runs_nothing_until_it_comes_back_and_then_once() {
    for kind in [CODEX, GEMINI] {
        let bench = Bench::new().await;
        let (agent, card) = left(&bench, kind).await;
        bench.approve(&card);
        tokio::time::sleep(5 * MINUTE).await;
        bench.upstream.saw_nothing();
        assert!(agent.call_once("c-7").await.unwrap().ran());
        assert_eq!((bench.upstream.calls().len(), bench.prompts()), (1, 1), "{}", kind.name);
        // Its answer was delivered, so the next one is a new call, and its card says what was.
        let (again, ()) = tokio::join!(agent.call_once("c-7"), async {
            let next = bench.held().await;
            assert_ne!(next.hold, card.hold);
            assert!(next.ran_before.is_some());
            bench.reject(&next);
        });
        assert_eq!(again.unwrap().code().as_deref(), Some("rejected"));
        assert_eq!(bench.upstream.calls().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_comes_back_while_a_person_still_thinks_shares_the_hold() {
    for kind in [CODEX, GEMINI, CURSOR, SILENT_CLAUDE] {
        let bench = Bench::new().await;
        let (agent, card) = left(&bench, kind).await;
        let (answer, ()) = tokio::join!(agent.call_once("c-7"), async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            assert_eq!(bench.held().await.hold, card.hold);
            bench.approve(&card);
        });
        assert!(answer.unwrap().ran());
        assert_eq!((bench.upstream.calls().len(), bench.prompts()), (1, 1), "{}", kind.name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_agent_left_without_any_sign_runs_at_most_once() {
    for kind in [CURSOR, SILENT_CLAUDE] {
        let bench = Bench::new().await;
        let (_agent, card) = left(&bench, kind).await;
        bench.approve(&card);
        tokio::time::sleep(30 * MINUTE).await;
        assert!(bench.upstream.calls().len() <= 1, "{}", kind.name);
        assert_eq!(bench.prompts(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_makes_the_hold_unattended_and_the_identical_call_takes_it_up() {
    let bench = Bench::new().await;
    let agent = bench.agent(SILENT_CLAUDE).await;
    let (answer, card) = tokio::join!(
        async {
            tokio::select! {
                answer = agent.call_once("c-7") => answer,
                () = tokio::time::sleep(MINUTE) => None,
            }
        },
        async {
            let card = bench.held().await;
            agent.cancel().await;
            bench.unattended(&card).await;
            card
        }
    );
    assert!(answer.is_none(), "a cancelled call is not answered: {answer:?}");
    bench.approve(&card);
    tokio::time::sleep(MINUTE).await;
    bench.upstream.saw_nothing();
    assert!(agent.call_once("c-7").await.unwrap().ran());
    assert_eq!((bench.upstream.calls().len(), bench.prompts()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_verdict_that_nobody_read_is_given_once() {
    let bench = Bench::new().await;
    let (agent, card) = left(&bench, GEMINI).await;
    // The owner's quarter of an hour passes.
    tokio::time::sleep(6 * MINUTE).await;
    assert_eq!(agent.call_once("c-7").await.unwrap().code().as_deref(), Some("expired"));
    assert_eq!(bench.prompts(), 1);
    let (_, next) = tokio::join!(agent.call_once("c-7"), async {
        let next = bench.held().await;
        bench.reject(&next);
        next
    });
    assert_ne!(next.hold, card.hold, "told once, it may ask again");
}

#[tokio::test(start_paused = true)]
async fn a_verdict_that_nobody_comes_for_is_forgotten_after_ten_minutes() {
    let bench = Bench::new().await;
    let (agent, card) = left(&bench, GEMINI).await;
    tokio::time::sleep(16 * MINUTE).await;
    let (_, next) = tokio::join!(agent.call_once("c-7"), async {
        let next = bench.held().await;
        bench.reject(&next);
        next
    });
    assert_ne!(next.hold, card.hold);
}

#[tokio::test(start_paused = true)]
async fn a_rejection_answers_every_identical_call_for_five_minutes() {
    let bench = Bench::new().await;
    let (agent, card) = left(&bench, CODEX).await;
    bench.reject(&card);
    for _ in 0..4 {
        tokio::time::sleep(MINUTE).await;
        assert_eq!(agent.call_once("c-7").await.unwrap().code().as_deref(), Some("rejected"));
    }
    assert_eq!(bench.prompts(), 1);
    tokio::time::sleep(MINUTE).await;
    let (_, next) = tokio::join!(agent.call_once("c-7"), async {
        let next = bench.held().await;
        bench.reject(&next);
        next
    });
    assert_ne!(next.hold, card.hold);
    bench.upstream.saw_nothing();
}
