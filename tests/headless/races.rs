//! An agent that cancels its call, or hangs up, at the very moment at which a person approves it: it runs once,
//! whatever the agent hears of it. 48 rounds; 10,000 with `DOORWARD_DEEP`. What happens at the desk alone is raced there.

use super::POLICIES;
use super::support::wire::Wire;
use super::support::within;
use super::support::world::World;
use approvals::{Choice, HoldId, Means};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Barrier;

/// Agents that do so side by side.
const AGENTS: usize = 6;

/// The text of the answer; none where there came none.
async fn call(wire: &Wire, id: usize, number: usize) -> Option<String> {
    let arguments = json!({ "customer_id": format!("c-{number}") });
    let params = json!({ "name": "delete_customer", "arguments": arguments });
    let body = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
    let text = wire.post().body(body.to_string()).send().await.ok()?.text().await.ok()?;
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).rfind(|data| !data.is_empty());
    let message: Value = serde_json::from_str(data.unwrap_or(&text)).ok()?;
    let said = message["result"]["content"][0]["text"].as_str()?;
    Some(said.to_owned())
}

async fn hold_of(world: &World, agent: &str) -> (HoldId, policy::CallDigest) {
    let hold = world.until("it is held", |engine| {
        engine.desk().inbox().into_iter().find(|row| row.agent == agent).map(|row| row.hold)
    });
    let hold = hold.await;
    let digest = super::support::world::digest(&world.card(hold.as_str()).unwrap());
    (hold, digest)
}

/// Whether it was told that it ran.
async fn round(world: &World, wire: &Arc<Wire>, agent: &str, number: usize) -> bool {
    let (id, barrier) = (2 * number + 1, Arc::new(Barrier::new(2)));
    let calling = Arc::clone(wire);
    let first = tokio::spawn(async move { call(&calling, id, number).await });
    let (hold, digest) = hold_of(world, agent).await;
    let (voter, owner, at) =
        (Arc::clone(&world.engine), world.engine.owner_id().unwrap(), Arc::clone(&barrier));
    let voted = tokio::spawn(async move {
        at.wait().await;
        let vote = move || voter.desk().vote(&hold, digest, Choice::Approve, Means::Window, &owner).is_ok();
        tokio::task::spawn_blocking(vote).await.unwrap()
    });
    barrier.wait().await;
    let answer = if number.is_multiple_of(2) {
        let cancel =
            json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
        wire.send(cancel.to_string()).await;
        within("the end of a cancelled call", first).await.unwrap()
    } else {
        first.abort();
        first.await.unwrap_or_default()
    };
    assert!(voted.await.unwrap(), "a cancel takes no vote away");
    // Whoever was not answered asks again, and finds what came of it.
    let answer = match answer {
        Some(answer) => answer,
        None => comes_back(world, wire, agent, (id + 1, number)).await,
    };
    let ran = answer == "delete_customer ran";
    // Released, and cancelled before it went up: the agent is told that, and asks anew.
    let was_not_sent = answer.contains("cancelled before it was sent");
    assert!(ran || was_not_sent || answer.contains("rejected"), "round {number}: {answer}");
    let customer = format!("\"c-{number}\"");
    let runs =
        world.upstream.calls().iter().rev().take(10 * AGENTS).filter(|call| call.contains(&customer)).count();
    let fits = if ran { runs == 1 } else { runs <= usize::from(!was_not_sent) };
    assert!(fits, "I2: round {number} ran {runs} times: {answer}");
    ran
}

/// What the same call is told. Where its answer went out to a connection that had just closed, it is a new call, which
/// the person has seen and rejects.
async fn comes_back(world: &World, wire: &Arc<Wire>, agent: &str, (id, number): (usize, usize)) -> String {
    let calling = Arc::clone(wire);
    let mut again = tokio::spawn(async move { call(&calling, id, number).await });
    let asks_again = async {
        let (hold, digest) = hold_of(world, agent).await;
        let owner = world.engine.owner_id().unwrap();
        let no = Choice::Reject { reason: None };
        world.engine.desk().vote(&hold, digest, no, Means::Window, &owner)
    };
    tokio::select! {
        answer = &mut again => return answer.unwrap().unwrap(),
        voted = asks_again => drop(voted),
    }
    within("the answer to who comes back", again).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn i2_an_agent_that_cancels_while_a_person_approves_has_its_call_run_once() {
    let rounds = if std::env::var_os("DOORWARD_DEEP").is_some() { 10_000 } else { 48 };
    let world = Arc::new(World::new(&POLICIES).await);
    let mut agents = tokio::task::JoinSet::new();
    for number in 0..AGENTS {
        let (world, name) = (Arc::clone(&world), format!("agent-{number}"));
        let wire = Arc::new(world.wire(&name).await);
        agents.spawn(async move {
            let mut told = 0;
            for round_of_all in (number..rounds).step_by(AGENTS) {
                told += usize::from(round(&world, &wire, &name, round_of_all).await);
            }
            told
        });
    }
    let mut told = 0;
    while let Some(agent) = agents.join_next().await {
        told += agent.unwrap();
    }
    println!("{rounds} rounds; {told} times the agent was told what came of it");
    assert!(told > rounds / 2, "{told} of {rounds}");
}
