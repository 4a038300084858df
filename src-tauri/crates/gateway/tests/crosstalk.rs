//! Two agents that use the same ids at the same time, with the same upstreams: nobody ever reads what the other one
//! asked for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use policy::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use support::{Agent, Bench, echo::Echo, lines::Lines, script};
use tokio::task::JoinSet;

/// The upstream that the other tests start; does nothing by itself.
#[test]
fn scripted() {
    script::run_if_asked();
}

/// How many ids are in flight at once, for each agent on each way.
const ABREAST: usize = 16;

/// Rounds of calls: a fixed number, or for a minute where there is time.
struct Rounds {
    left: usize,
    until: Option<Instant>,
}

impl Rounds {
    fn new() -> Rounds {
        let deep = std::env::var_os("DOORWARD_DEEP").is_some();
        Rounds { left: 12, until: deep.then(|| Instant::now() + Duration::from_secs(60)) }
    }
}

impl Iterator for Rounds {
    type Item = ();

    fn next(&mut self) -> Option<()> {
        match self.until {
            Some(until) => (Instant::now() < until).then_some(()),
            None => {
                self.left = self.left.checked_sub(1)?;
                Some(())
            }
        }
    }
}

/// A call and a request that is none, under the same id by every agent in every round.
fn messages(who: &str, id: usize, round: usize) -> [String; 2] {
    let mark = format!("{who}-{round}-{id}");
    [
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"echo","arguments":{{"mark":"{mark}"}}}}}}"#
        ),
        format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"test/echo","params":{{"mark":"{mark}"}}}}"#),
    ]
}

/// The answer repeats what its own agent asked, in this very round.
fn check(answer: &Value, who: &str, id: usize, round: usize) {
    let mark = format!("\"{who}-{round}-{id}\"");
    let text = answer.to_json();
    assert!(
        answer.get("result").is_some() && text.contains(&mark),
        "{who} asked for {mark} and reads {text}"
    );
    let own = answer.get("id").map(Value::to_json).unwrap();
    assert_eq!(own.trim_matches('"'), id.to_string(), "{text}");
}

async fn hammer_over_http(agent: Arc<Agent>, who: &'static str) {
    for (round, ()) in Rounds::new().enumerate() {
        let mut asking = JoinSet::new();
        for id in 0..ABREAST {
            let agent = Arc::clone(&agent);
            asking.spawn(async move {
                for message in messages(who, id, round) {
                    check(&agent.ask(message).await, who, id, round);
                }
            });
        }
        asking.join_all().await;
    }
}

async fn hammer_on_lines(mut lines: Lines, who: &'static str) {
    for (round, ()) in Rounds::new().enumerate() {
        for id in 0..ABREAST {
            for message in messages(who, id, round) {
                lines.send(&message).await;
            }
        }
        for _ in 0..ABREAST * 2 {
            let answer = lines.next().await;
            let id = answer.get("id").map(Value::to_json).unwrap();
            check(&answer, who, id.trim_matches('"').parse().unwrap(), round);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_with_the_same_ids_at_the_same_upstream_never_read_each_others_answers() {
    let bench = Bench::new().await;
    let echo = Echo::start().await;
    echo.put_behind(&bench);
    let mut hammering = JoinSet::new();
    // Another program with the same name would be held, and lines stand for the program that started them.
    for (who, on_lines) in [("claude", "claude-lines"), ("codex", "codex-lines")] {
        let by_child = bench.agent(who).await;
        let mut by_http = by_child.clone();
        by_http.url = by_http.url.replace("script", "echo");
        by_http.open().await;
        bench.pair(on_lines);
        let (child_lines, http_lines) =
            (Lines::open(&bench, "script", on_lines).await, Lines::open(&bench, "echo", on_lines).await);
        hammering.spawn(hammer_over_http(Arc::new(by_child), who));
        hammering.spawn(hammer_over_http(Arc::new(by_http), who));
        hammering.spawn(hammer_on_lines(child_lines, on_lines));
        hammering.spawn(hammer_on_lines(http_lines, on_lines));
    }
    hammering.join_all().await;
}
