//! Paths that lead elsewhere by the time a call would go, and the reasons that are kept of calls.

use super::support::home::ALLOW;
use super::support::world::World;
use journal::{ActivityOutcome, ActivityQuery};
use policy::Timestamp;
use serde_json::json;
use std::os::unix::fs::symlink;

const ASK: (&str, &str) = (
    "customers.toml",
    "name = \"Customers are deleted by people\"\n[target]\ntools = [\"ledger/delete_customer\"]\n[action]\nkind = \"request_approval\"\n",
);

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_path_leads_elsewhere_by_its_approval_is_refused() {
    let world = World::new(&[ALLOW, ASK]).await;
    let folder = world.home.beside("files");
    std::fs::write(folder.join("mine"), "x").unwrap();
    symlink(folder.join("mine"), folder.join("link")).unwrap();
    let path = folder.join("link").display().to_string();
    let agent = world.agent("claude").await;

    let pending = agent.start("delete_customer", json!({ "customer_id": path }));
    let card = world.held().await;
    std::fs::remove_file(folder.join("link")).unwrap();
    symlink("/etc/passwd", folder.join("link")).unwrap();
    world.approve(&card);
    let text = pending.answer().await.refused("path_moved");
    assert!(text.contains("leads elsewhere"), "{text}");
    world.upstream.saw_nothing();
    let rows = activity(&world);
    assert_eq!(rows[0].outcome, ActivityOutcome::Refused);

    // Called again, it is judged anew, with the path as it is now, and asked about anew.
    let pending = agent.start("delete_customer", json!({ "customer_id": path }));
    let again = world.held().await;
    assert_ne!(again.hold, card.hold);
    world.approve(&again);
    pending.answer().await.ran();
    assert_eq!(world.upstream.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_stays_where_it_was_holds_nothing_up() {
    let world = World::new(&[ALLOW, ASK]).await;
    let path = world.home.beside("files").join("not-there-yet").display().to_string();
    let agent = world.agent("claude").await;
    let pending = agent.start("delete_customer", json!({ "customer_id": path }));
    let card = world.held().await;
    std::fs::write(&path, "x").unwrap();
    world.approve(&card);
    pending.answer().await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_are_kept_wherever_a_policy_had_a_part_and_none_are_made_up() {
    let policy = |kind: &str, mode: &str, when: &str| {
        format!(
            "name = \"{kind} {mode}\"\nmode = \"{mode}\"\nwhen = '{when}'\n[target]\ntools = [\"ledger/create_expense\"]\n[action]\nkind = \"{kind}\"\n"
        )
    };
    let watching = policy("deny", "observe", "amount > 100");
    let small = policy("allow", "enforce", "amount < 10");
    let world = World::new(&[ALLOW, ("watching.toml", &watching), ("small.toml", &small)]).await;
    let agent = world.agent("claude").await;
    for amount in [50, 500, 5] {
        agent.call("create_expense", json!({ "amount": amount })).await.ran();
    }
    let rows = activity(&world);
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let names: Vec<&str> = row.policies.iter().map(|policy| policy.name.as_str()).collect();
            (row.by_default, names)
        })
        .collect();
    assert_eq!(told, [(false, vec!["allow enforce"]), (true, vec![]), (true, vec![])]);
    let counts = world.engine.journal().applied_counts(Timestamp(0)).unwrap();
    let counts: Vec<(&str, u32)> = counts.iter().map(|(id, calls)| (id.as_str(), *calls)).collect();
    assert_eq!(counts, [("small", 1), ("watching", 1)]);
}

fn activity(world: &World) -> Vec<journal::ActivityRow> {
    world.engine.journal().activity(&ActivityQuery { limit: 10, ..ActivityQuery::default() }).unwrap()
}
