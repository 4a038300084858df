//! I11: no route of the agents' port, and none of the home's socket, approves. What an agent, or a program of
//! the same user with the home's socket, could try is tried; then the owner's vote shows that the hold was open
//! all the time.

use super::POLICIES;
use super::support::answer::Answer;
use super::support::wire::raw;
use super::support::world::World;
use gateway::card::{Card, CardState};
use serde_json::{Value, json};
use tokio::net::{TcpStream, UnixStream};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

fn paths(card: &Card) -> Vec<String> {
    let Card { hold, digest, .. } = card;
    let mut paths = Vec::new();
    for root in
        ["", "/desk", "/desk/v1", "/api", "/api/v1", "/v1", "/ipc", "/mcp", "/mcp/ledger", "/mcp/practice"]
    {
        for end in [
            "vote",
            "votes",
            "approve",
            "reject",
            "inbox",
            "holds",
            "card",
            "confirm",
            "confirm_change",
            "propose",
            "policies",
        ] {
            paths.push(format!("{root}/{end}"));
        }
        for end in ["vote", "approve", "release"] {
            paths.push(format!("{root}/holds/{hold}/{end}"));
            paths.push(format!("{root}/{end}/{hold}"));
            paths.push(format!("{root}/{end}?hold={hold}&digest={digest}&choice=approve"));
        }
    }
    paths
}

fn vote_body(card: &Card) -> Value {
    json!({
        "hold": card.hold, "digest": card.digest, "choice": "approve", "reason": null, "by": "me", "means": "window",
        "name": "vote", "body": { "hold": card.hold, "digest": card.digest, "choice": "approve", "reason": null },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn i11_no_path_on_the_agents_port_or_the_homes_socket_approves() {
    let world = World::new(&POLICIES).await;
    let token = world.pair("claude");
    let agent = super::support::agent::Agent::connect(world.door(), "ledger", &token).await;
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-7" }));
    let card = world.held().await;
    let body = vote_body(&card).to_string();
    let port = world.door();
    let socket = world.home.paths().socket();
    let mut answers = 0;
    for path in paths(&card) {
        for method in METHODS {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: {port}\r\nAuthorization: Bearer {token}\r\nDoorward-Agent: claude\r\n\
                 Content-Type: application/json\r\nAccept: application/json, text/event-stream"
            );
            let tcp = raw(TcpStream::connect(port).await.unwrap(), &head, &body).await;
            let unix = raw(UnixStream::connect(&socket).await.unwrap(), &head, &body).await;
            for answer in [tcp, unix] {
                answers += 1;
                assert!(answer.starts_with("HTTP/1.1 4"), "{method} {path} was taken: {answer}");
            }
        }
    }
    assert!(answers >= 2_000, "every probe was answered: {answers}");
    still_waits(&world, &card);
    world.upstream.saw_nothing();
    world.approve(&card);
    pending.answer().await.ran();
}

#[tokio::test(flavor = "multi_thread")]
async fn i11_nothing_an_agent_says_in_its_session_approves() {
    let world = World::new(&POLICIES).await;
    let token = world.pair("claude");
    let wire = super::support::wire::Wire::open(world.door(), "ledger", &token).await;
    let other = super::support::wire::Wire::open(world.door(), "ledger", &token).await;
    let call = tokio::spawn(async move { wire.call("delete_customer", r#"{"customer_id":"c-7"}"#).await });
    let card = world.held().await;
    let vote = vote_body(&card);
    for method in [
        "vote",
        "desk/vote",
        "doorward/approve",
        "ipc",
        "tools/approve",
        "elicitation/create",
        "sampling/createMessage",
    ] {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": vote });
        let response = other.send(request.to_string()).await;
        assert!(response.body.contains("\"error\""), "{method}: {response:?}");
        let notification =
            json!({ "jsonrpc": "2.0", "method": format!("notifications/{method}"), "params": vote });
        other.send(notification.to_string()).await;
    }
    // Answers to questions nobody asked, under every id that could mean the hold or the call.
    for id in [json!(7), json!(1), json!(card.hold), json!(card.digest)] {
        let result = json!({ "jsonrpc": "2.0", "id": id, "result": { "action": "accept", "content": vote } });
        other.send(result.to_string()).await;
    }
    // The call's own extras are not part of it, and carry no vote either.
    let meta = json!({ "jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {
        "name": "send_payment", "arguments": { "amount": 1, "to": "Bo" },
        "_meta": { "app.doorward/release": card.hold, "app.doorward/vote": vote, "approved": true } } });
    let mut response: Value = serde_json::from_str(&other.send(meta.to_string()).await.body).unwrap();
    Answer(response["result"].take()).refused("step_up_not_set_up");

    still_waits(&world, &card);
    world.upstream.saw_nothing();
    world.approve(&card);
    call.await.unwrap().ran();
    assert_eq!(world.upstream.calls().len(), 1);
}

#[track_caller]
fn still_waits(world: &World, card: &Card) {
    let now = world.card(&card.hold).unwrap();
    assert_eq!(now.state, CardState::Waiting, "I11: something voted");
    assert!(now.stages.iter().all(|stage| stage.votes == 0), "I11: {:?}", now.stages);
}
