//! Another program that calls in an agent's name: its calls wait for the owner until a person accepts it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use gateway::{DeskEvent, Engine, home::AgentRow};
use policy::AgentName;
use std::time::Duration;
use support::{Bench, call, lines::Lines, script};

const KNOWN: &str = "/opt/claude/1.0/claude";

/// The upstream that the other tests start; does nothing by itself.
#[test]
fn scripted() {
    script::run_if_asked();
}

fn claude() -> AgentName {
    "claude".parse().unwrap()
}

/// The agent is known as another program than the one these tests are.
fn pair_with_known(bench: &Bench) {
    let path = bench.engine.home().dir().join("agents.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}program = \"{KNOWN}\"\n")).unwrap();
    // A person confirms what changed on the disk.
    bench.engine.look_at_files();
    let hash = bench.engine.sets().waiting().unwrap().hash;
    bench.engine.sets().confirm(&hash).unwrap();
    bench.engine.set_changed();
    assert_eq!(row(&bench.engine).programs, [KNOWN]);
}

fn row(engine: &Engine) -> AgentRow {
    engine.agents().into_iter().find(|row| row.name == claude()).unwrap()
}

fn others(engine: &Engine) -> Vec<String> {
    engine.other_programs(&row(engine)).into_iter().map(|other| other.program).collect()
}

async fn hold_opened(bench: &Bench, events: &mut tokio::sync::broadcast::Receiver<DeskEvent>) {
    let opened = async { while !matches!(events.recv().await.unwrap(), DeskEvent::HoldOpened { .. }) {} };
    tokio::time::timeout(Duration::from_secs(20), opened).await.expect("the call is held");
    assert_eq!(bench.engine.desk().inbox().len(), 1);
}

fn own_program() -> String {
    std::env::current_exe().unwrap().canonicalize().unwrap().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_a_program_that_was_seen_can_be_accepted_and_then_its_calls_go() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    pair_with_known(&bench);
    assert_eq!(others(&bench.engine), <[&str; 0]>::default());
    let refused = bench.engine.accept_program(&claude(), &own_program()).unwrap_err();
    assert_eq!(refused.code(), "no_such_program", "it did not call yet");

    let mut events = bench.engine.desk().events();
    let waiting = agent.clone();
    let held = tokio::spawn(async move { waiting.post(call("echo", r#"{"n":1}"#)).send().await });
    hold_opened(&bench, &mut events).await;
    assert_eq!(others(&bench.engine), [own_program()]);
    let hold = bench.engine.desk().inbox().first().unwrap().hold.clone();
    let card = bench.engine.desk().card(&hold).unwrap();
    let reason = card.reasons.first().unwrap();
    assert!(reason.sentence.contains(KNOWN) && reason.sentence.contains(&own_program()), "{reason:?}");
    assert_eq!(reason.kind, gateway::card::ReasonKind::OtherProgram);

    let refused = bench.engine.accept_program(&claude(), "/opt/claude/2.0/claude").unwrap_err();
    assert_eq!(refused.code(), "no_such_program");
    let refused = bench.engine.accept_program(&"codex".parse().unwrap(), &own_program()).unwrap_err();
    assert_eq!(refused.code(), "no_such_agent");
    assert_eq!(row(&bench.engine).programs, [KNOWN], "nothing was accepted");

    bench.engine.accept_program(&claude(), &own_program()).unwrap();
    bench.engine.accept_program(&claude(), &own_program()).expect("a second click changes nothing");
    assert_eq!(row(&bench.engine).programs, [KNOWN.to_owned(), own_program()]);
    assert_eq!(others(&bench.engine), <[&str; 0]>::default());
    assert_eq!(bench.engine.desk().inbox().len(), 1, "I1: what was held stays held");
    let answer = agent.ask(call("echo", r#"{"n":2}"#)).await;
    assert!(answer.get("result").is_some_and(|result| result.get("isError").is_none()), "{answer:?}");
    assert_eq!(bench.received_of("tools/call").len(), 1, "only the second call went");
    held.abort();
}

#[tokio::test]
async fn what_a_person_sets_counts_on_connections_that_are_open_already() {
    let bench = Bench::new().await;
    bench.pair("claude");
    let mut lines = Lines::open(&bench, "script", "claude").await;
    pair_with_known(&bench);
    bench.engine.set_wait_limit("claude", Some(Duration::from_secs(1))).unwrap();
    lines.send(&call("echo", r#"{"n":1}"#)).await;
    let answer = lines.next().await;
    assert!(answer.to_json().contains("still_waiting"), "the limit set after it connected: {answer:?}");
    let [program] = others(&bench.engine).try_into().unwrap();
    bench.engine.accept_program(&claude(), &program).unwrap();
    lines.send(&call("echo", r#"{"n":2}"#)).await;
    let answer = lines.next().await;
    assert!(answer.get("result").is_some() && !answer.to_json().contains("still_waiting"), "{answer:?}");
    assert_eq!(bench.received_of("tools/call").len(), 1);
}

#[tokio::test]
async fn a_removed_agent_leaves_no_programs_to_the_next_of_its_name() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    pair_with_known(&bench);
    let mut events = bench.engine.desk().events();
    let held = tokio::spawn(async move { agent.post(call("echo", "{}")).send().await });
    hold_opened(&bench, &mut events).await;
    bench.engine.remove_agent("claude").unwrap();
    bench.pair("claude");
    pair_with_known(&bench);
    assert_eq!(others(&bench.engine), <[&str; 0]>::default());
    let refused = bench.engine.accept_program(&claude(), &own_program()).unwrap_err();
    assert_eq!(refused.code(), "no_such_program");
    held.abort();
}

#[tokio::test]
async fn how_long_an_agents_program_waits_is_known_once_it_called() {
    let bench = Bench::new().await;
    let agent = bench.agent("claude").await;
    assert_eq!(bench.engine.wait_of_program(&claude()), None);
    agent.ask(call("echo", "{}")).await;
    let words = bench.engine.wait_of_program(&claude()).unwrap();
    assert_eq!(words, "45 s, as for any program that Doorward does not know");
}
