//! Policies change under a running engine only as a person confirmed them.

use super::POLICIES;
use super::support::agent::Agent;
use super::support::home::{ALLOW, TestHome, pair};
use super::support::world::World;
use gateway::SetError;
use serde_json::json;

const NO_LISTS: (&str, &str) = (
    "no-lists.toml",
    "name = \"No lists\"\n[target]\ntools = [\"ledger/list_expenses\"]\n[action]\nkind = \"deny\"\n",
);
const NO_DELETIONS: (&str, &str) = (
    "no-deletions.toml",
    "name = \"No deletions\"\n[target]\ntools = [\"ledger/delete_customer\"]\n[action]\nkind = \"deny\"\nmessage = \"Closed for the audit.\"\n",
);

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_file_that_changes_on_disk_waits_until_it_is_confirmed() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    world.home.write_policy(NO_LISTS.0, NO_LISTS.1);
    let waiting = world.change_waits().await;
    assert_eq!(waiting.changes.len(), 1);
    assert_eq!(waiting.changes[0].path, NO_LISTS.0);
    agent.call("list_expenses", json!({})).await.ran();

    world.engine.sets().confirm(&waiting.hash).unwrap();
    world.engine.set_changed();
    agent.call("list_expenses", json!({})).await.refused("denied");
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loosened_file_loosens_nothing_until_it_is_confirmed_and_can_be_put_back() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    std::fs::remove_file(world.home.paths().policies().join("large-expenses.toml")).unwrap();
    let waiting = world.change_waits().await;
    agent.call("create_expense", json!({ "amount": 9000 })).await.refused("denied");

    let entries = world.engine.journal().entries(0).unwrap();
    let alarmed = |body: &str| body.contains("files_changed");
    assert!(entries.iter().any(|entry| entry.kind == "alarm" && entry.body.as_deref().is_some_and(alarmed)));

    world.engine.sets().discard(&waiting.hash).unwrap();
    assert!(world.engine.sets().waiting().is_none());
    let back = std::fs::read_to_string(world.home.paths().policies().join("large-expenses.toml")).unwrap();
    assert_eq!(back, POLICIES[1].1);
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_change_that_was_shown_can_be_confirmed() {
    let world = World::new(&POLICIES).await;
    world.home.write_policy(NO_LISTS.0, NO_LISTS.1);
    let shown = world.change_waits().await;
    world.home.write_policy(NO_LISTS.0, ALLOW.1);
    assert!(matches!(world.engine.sets().confirm(&shown.hash), Err(SetError::Stale)));
    let agent = world.agent("claude").await;
    agent.call("list_expenses", json!({})).await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_documents_leave_the_last_set_in_force_and_say_where_they_are_broken() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let policy = |when: &str| {
        format!(
            "name = \"x\"\nwhen = '{when}'\n[target]\ntools = [\"ledger/list_expenses\"]\n[action]\nkind = \"deny\"\n"
        )
    };
    let broken = [
        ("name = \"x\n[action]\n".to_owned(), "not valid TOML"),
        (policy("amount >> 5"), "x.toml:2"),
        (policy("amount ~= 5"), "x.toml:2"),
        ("name = \"x\"\n[action]\nkind = \"dney\"\n".to_owned(), "dney"),
        ("name = \"x\"\nwhn = 'true'\n[action]\nkind = \"deny\"\n".to_owned(), "did you mean `when`"),
    ];
    for (text, says) in &broken {
        world.home.write_policy("x.toml", text);
        let problems = world
            .until("the broken document is noticed", |engine| {
                engine
                    .sets()
                    .waiting()
                    .filter(|w| w.bundle.documents.get("x.toml") == Some(text))
                    .map(|w| (w.hash, w.problems))
            })
            .await;
        let (hash, problems) = problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("x.toml") && problems[0].contains(says), "{says}: {problems:?}");
        assert!(matches!(world.engine.sets().confirm(&hash), Err(SetError::Invalid(_))));
        agent.call("create_expense", json!({ "amount": 9000 })).await.refused("denied");
        agent.call("list_expenses", json!({})).await.ran();
    }
    assert_eq!(world.upstream.calls().len(), broken.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn i7_a_home_that_never_had_a_valid_set_denies_everything_with_the_reason() {
    let home = TestHome::in_memory(&[
        ALLOW,
        ("x.toml", "name = \"x\"\nwhen = 'amount >> 5'\n[action]\nkind = \"deny\"\n"),
    ]);
    let token = pair(&home, "claude");
    let world = World::of(home).await;
    let agent = Agent::connect(world.door(), "ledger", &token).await;
    let text = agent.call("list_expenses", json!({})).await.refused("denied");
    assert!(text.contains("x.toml:2"), "{text}");
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_set_judges_open_holds_again() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    world.held().await;
    world.home.write_policy(NO_DELETIONS.0, NO_DELETIONS.1);
    let waiting = world.change_waits().await;
    assert!(pending.is_waiting(), "an unconfirmed change decides nothing");
    world.engine.sets().confirm(&waiting.hash).unwrap();
    world.engine.set_changed();
    let text = pending.answer().await.refused("refused_by_newer_policy");
    assert!(text.contains("Closed for the audit."), "{text}");
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loosened_set_lets_no_open_hold_go() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    let card = world.held().await;
    std::fs::remove_file(world.home.paths().policies().join("customers.toml")).unwrap();
    let waiting = world.change_waits().await;
    world.engine.sets().confirm(&waiting.hash).unwrap();
    world.engine.set_changed();
    // The same call of another agent is free now, the one that was held still needs its vote.
    world.agent("codex").await.call("delete_customer", json!({ "customer_id": "c-7" })).await.ran();
    assert!(pending.is_waiting());
    assert_eq!(world.upstream.calls().len(), 1);
    world.reject(&card, "Not this one");
    pending.answer().await.refused("rejected");
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_confirmed_like_policies() {
    let world = World::new(&POLICIES).await;
    let before = std::fs::read_to_string(world.home.paths().people()).unwrap();
    world
        .home
        .write_people(&format!("{before}\n[[user]]\nid = \"bo\"\nname = \"Bo\"\nroles = [\"finance\"]\n"));
    let waiting = world.change_waits().await;
    assert_eq!(waiting.changes[0].path, "people.toml");
    assert!(
        world.engine.add_agent("codex".parse().unwrap(), "bo".parse().unwrap()).is_err(),
        "nobody is called bo yet"
    );
    world.engine.sets().confirm(&waiting.hash).unwrap();
    world.engine.set_changed();
    world.pair_for("codex", "bo");
}
