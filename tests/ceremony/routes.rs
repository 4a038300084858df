//! I11: approve through every HTTP route with every kind of token. The routes are those the routers are made of
//! (`gateway::routes`), so that a new one is tried by itself.

use super::enrolled;
use super::held::{POLICIES, ceremony_of};
use super::support::journal;
use super::support::wire::raw;
use super::support::world::World;
use gateway::card::{Card, CardState};
use gateway::routes;
use serde_json::json;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use tokio::net::{TcpStream, UnixStream};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What stands in for the name in a route's braces.
fn filled(route: &str, card: &Card, ceremony: &str) -> String {
    route.replace("{upstream}", "ledger").replace("{hold}", &card.hold).replace("{token}", ceremony)
}

/// Every body that says yes in some way: as the window says it, as the ceremony's page, as an agent.
fn bodies(card: &Card, mark: &str) -> Vec<String> {
    let Card { hold, digest, .. } = card;
    vec![
        String::new(),
        json!({ "hold": hold, "digest": digest, "choice": "approve", "reason": null }).to_string(),
        json!({ "shown": mark, "answer": { "id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {} } })
            .to_string(),
        json!({ "hold": hold, "digest": digest, "passphrase": "four words in a row" }).to_string(),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "vote", "params": { "hold": hold, "choice": "approve" } })
            .to_string(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn i11_no_route_approves_with_any_kind_of_token() {
    let world = World::new(&POLICIES).await;
    let (token, revoked) = (world.pair("claude"), world.pair("gone"));
    world.engine.remove_agent("gone").unwrap();
    let agent = super::support::agent::Agent::connect(world.door(), "ledger", &token).await;
    let _key = enrolled(&world, "me").await;
    let pending = agent.start("send_payment", json!({ "amount": 1 }));
    let card = world.held().await;
    let ceremony = ceremony_of(&world, &card).await;
    let page = super::support::browser::Page::open(&ceremony).await;
    let address = page.url.path().trim_start_matches('/').to_owned();
    let port = SocketAddr::from(([127, 0, 0, 1], page.url.port().unwrap()));
    let socket = world.home.paths().socket();

    let listed = [routes::AGENTS_PORT, routes::SOCKET, routes::CEREMONY].concat();
    let paths: BTreeSet<String> = listed.iter().map(|route| filled(route, &card, &address)).collect();
    assert!(paths.len() >= 13, "{paths:?}");
    let made_up = "0".repeat(64);
    let tokens: [Option<&str>; 7] = [
        Some(&token),
        Some(&revoked),
        None,
        Some(&card.hold),
        Some(&card.digest),
        Some(&address),
        Some(&made_up),
    ];
    let mut answers = 0;
    for path in &paths {
        for method in METHODS {
            for token in tokens {
                let bodies = bodies(&card, &page.mark());
                let sent = if matches!(method, "POST" | "PUT") { bodies.len() } else { 1 };
                for body in bodies.iter().take(sent) {
                    // Every listener is asked for every route, its own and the others'.
                    for door in [Some(world.door()), Some(port), None] {
                        let host = door.unwrap_or_else(|| world.door());
                        let host = if door == Some(port) {
                            format!("localhost:{}", port.port())
                        } else {
                            host.to_string()
                        };
                        let mut head = format!(
                            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nDoorward-Agent: claude\r\n\
                             Content-Type: application/json\r\nAccept: application/json, text/event-stream"
                        );
                        if let Some(token) = token {
                            head.push_str(&format!("\r\nAuthorization: Bearer {token}"));
                        }
                        let answer = match door {
                            Some(door) => raw(TcpStream::connect(door).await.unwrap(), &head, body).await,
                            None => raw(UnixStream::connect(&socket).await.unwrap(), &head, body).await,
                        };
                        assert!(answer.starts_with("HTTP/1.1 "), "{method} {path}: {answer}");
                        answers += 1;
                    }
                }
            }
        }
    }
    assert_eq!(answers, paths.len() * tokens.len() * (2 * 5 + METHODS.len() - 2) * 3, "each was answered");
    let now = world.card(&card.hold).unwrap();
    assert_eq!(now.state, CardState::Waiting, "I11: something approved it");
    assert!(now.waits_for_proof == Some(true) && now.stages.iter().all(|stage| stage.votes == 0));
    assert!(pending.is_waiting());
    world.upstream.saw_nothing();
    // On record: that somebody knocked without a token, for nothing, and beside the ceremony's page.
    let entries = world.engine.journal().entries(0).unwrap();
    let said: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.kind == "alarm")
        .filter_map(|entry| entry.body.as_deref())
        .filter(|body| body.contains("door_refused"))
        .collect();
    assert!(said.iter().any(|body| body.contains("without a token")), "{said:?}");
    assert!(said.iter().any(|body| body.contains("not here")), "{said:?}");
    let lines = journal::lines(&world.home.paths().journal());
    assert!(lines.iter().any(|line| line.kind == "passkey_refused"));
}
