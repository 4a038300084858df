//! The program behind an agent's connections: paired at its first call, and any other one is held.

use super::agents::{CODEX, CURSOR};
use super::bench::Bench;
use super::leaving::left;
use serde_json::Value;

const LIST: &str =
    r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"list_expenses","arguments":{}}}"#;

/// This test is the agent.
fn this_program() -> String {
    std::env::current_exe().unwrap().to_str().unwrap().to_owned()
}

fn ran(answer: &Value) -> bool {
    answer["result"]["content"][0]["text"] == "list_expenses ran"
}

#[tokio::test(start_paused = true)]
async fn the_program_of_the_first_call_is_paired_with_its_agent() {
    let bench = Bench::new().await;
    let agent = bench.agent(CURSOR).await;
    assert!(bench.engine.agents().iter().all(|row| row.programs.is_empty()));
    for _ in 0..2 {
        assert!(ran(&agent.ask(LIST).await));
    }
    let row = bench.engine.agents().into_iter().find(|row| row.name.as_str() == CURSOR.name).unwrap();
    assert_eq!(row.programs, [this_program()]);
    let entries = bench.engine.journal().entries(1).unwrap();
    let paired: Vec<_> = entries.iter().filter(|entry| entry.kind == "program_paired").collect();
    assert_eq!(paired.len(), 1);
    assert!(paired[0].body.as_deref().unwrap().contains(&this_program()));
}

/// The agent is known as another program than these tests are.
fn pair_with(bench: &Bench, program: &str) {
    change(bench, |text| format!("{text}program = \"{program}\"\n"));
}

fn change(bench: &Bench, agents: impl Fn(&str) -> String) {
    let path = bench.engine.home().dir().join("agents.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, agents(&text)).unwrap();
    // A person confirms what changed on the disk.
    bench.engine.look_at_files();
    let hash = bench.engine.sets().waiting().unwrap().hash;
    bench.engine.sets().confirm(&hash).unwrap();
    bench.engine.set_changed();
}

#[tokio::test(start_paused = true)]
async fn what_another_program_asks_in_an_agents_name_is_held_for_the_owner_until_it_is_accepted() {
    let bench = Bench::new().await;
    let agent = bench.agent(CURSOR).await;
    let name = CURSOR.name.parse().unwrap();
    pair_with(&bench, "/usr/bin/cursor");
    let (answer, card) = tokio::join!(agent.ask(LIST), async {
        let card = bench.held().await;
        bench.upstream.saw_nothing();
        bench.approve(&card);
        card
    });
    assert!(ran(&answer), "{answer}");
    assert_eq!(card.program, Some(this_program()));
    assert_eq!((card.reasons.len(), card.reasons[0].policy.as_str()), (1, "program"));
    let sentence = &card.reasons[0].sentence;
    assert!(sentence.contains(&this_program()) && sentence.contains("`/usr/bin/cursor`"), "{sentence}");
    assert_eq!(card.stages.iter().map(|stage| stage.flow.as_str()).collect::<Vec<_>>(), ["owner"]);

    bench.engine.accept_program(&name, &this_program()).unwrap();
    assert!(ran(&agent.ask(LIST).await), "nobody is asked any more");
    assert_eq!(bench.prompts(), 1);
    let kinds: Vec<_> =
        bench.engine.journal().entries(1).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "program_accepted").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_holds_the_call_anyway_is_shown_beside_the_program() {
    let bench = Bench::new().await;
    let agent = bench.agent(CURSOR).await;
    pair_with(&bench, "/usr/bin/cursor");
    let (answer, card) = tokio::join!(agent.call_once("c-7"), async {
        let card = bench.held().await;
        bench.approve(&card);
        card
    });
    assert!(answer.unwrap().ran());
    let reasons: Vec<_> = card.reasons.iter().map(|reason| reason.policy.as_str()).collect();
    assert_eq!(reasons, ["program", "ask"]);
    assert_eq!(card.stages.len(), 1, "one vote serves both");
}

#[tokio::test(start_paused = true)]
async fn another_program_joins_no_hold_of_the_agents_own_and_collects_nothing_that_is_due_to_it() {
    let bench = Bench::new().await;
    let (agent, card) = left(&bench, CODEX).await;
    bench.approve(&card);
    // As if its own program were another one, and this one had taken its token.
    let (this, own) = (this_program(), "/usr/bin/codex");
    change(&bench, |text| text.replace(&this, own));
    let (answer, ()) = tokio::join!(agent.call_once("c-7"), async {
        let other = bench.held().await;
        assert_ne!(other.hold, card.hold, "a person is asked about this program");
        bench.reject(&other);
    });
    assert_eq!(answer.unwrap().code().as_deref(), Some("rejected"));
    bench.upstream.saw_nothing();
    // The agent's own comes back for what was approved.
    change(&bench, |text| text.replace(own, &this));
    assert!(agent.call_once("c-7").await.unwrap().ran());
    assert_eq!((bench.upstream.calls().len(), bench.prompts()), (1, 2));
}
