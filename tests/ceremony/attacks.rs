//! Attacks on a step-up: each is refused, nothing reaches the tool, and the journal has it. The whole list, with the
//! test of each, is in ARCHITECTURE.md under "Attacks that were tried".

use super::enrolled;
use super::held::{POLICIES, ceremony_of};
use super::support::agent::Agent;
use super::support::browser::{Page, SoftPasskey, get, passkey};
use super::support::journal;
use super::support::world::World;
use gateway::card::Card;
use gateway::ceremony::Subject;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// A payment that waits, and the passkey of the person it waits for.
struct Scene {
    world: World,
    key: SoftPasskey,
    agent: Agent,
    card: Card,
}

async fn scene() -> Scene {
    scene_of(&POLICIES).await
}

async fn scene_of(policies: &[(&str, &str)]) -> Scene {
    let world = World::new(policies).await;
    let agent = world.agent("claude").await;
    let key = enrolled(&world, "me").await;
    let _pending = agent.start("send_payment", json!({ "amount": 1, "to": "a" }));
    let card = world.held().await;
    Scene { world, key, agent, card }
}

impl Scene {
    async fn page(&self) -> Page {
        Page::open(&ceremony_of(&self.world, &self.card).await).await
    }

    /// The call still waits, nothing ran, and so many refusals are on record.
    fn nothing_happened(&self, refusals: usize) {
        self.world.upstream.saw_nothing();
        let state = self.world.card(&self.card.hold).map(|card| card.state);
        assert_ne!(state, Some(gateway::card::CardState::Released));
        let kinds = journal::lines(&self.world.home.paths().journal());
        let refused = kinds.iter().filter(|line| line.kind == "passkey_refused").count();
        assert!(refused >= refusals, "{refused} of {refusals} are in the journal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_for_another_hold_is_refused() {
    let mut scene = scene().await;
    let page = scene.page().await;
    // A cheap call is shown to the person, and their answer is sent for the dear one.
    let _other = scene.agent.start("send_payment", json!({ "amount": 2, "to": "b" }));
    let cheap = scene
        .world
        .until("two calls wait", |engine| {
            let rows = engine.desk().inbox();
            rows.iter().find(|row| row.hold.as_str() != scene.card.hold).map(|row| row.hold.clone())
        })
        .await;
    let other =
        Page::open(&scene.world.engine.start_ceremony(Subject::Hold { hold: cheap }).await.unwrap()).await;
    let theirs = other.begin().await;
    let mine = page.begin().await;
    assert_ne!(theirs["publicKey"]["challenge"], mine["publicKey"]["challenge"]);
    let answer = get(&mut scene.key, &page.origin(), &theirs["publicKey"]);
    assert_eq!(page.step(json!({ "answer": answer })).await["kind"], "again");
    scene.nothing_happened(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_once_and_never_without_its_question() {
    let mut scene = scene().await;
    let page = scene.page().await;
    let asked = page.begin().await;
    let answer = get(&mut scene.key, &page.origin(), &asked["publicKey"]);
    // The question was asked anew, as a reload does: the old answer is for nothing now.
    page.begin().await;
    assert_eq!(page.step(json!({ "answer": answer.clone() })).await["kind"], "again");
    assert_eq!(page.step(json!({ "answer": answer })).await["kind"], "again", "and no question is open");
    scene.nothing_happened(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_the_time_is_refused() {
    let mut scene = scene().await;
    let page = scene.page().await;
    let asked = page.begin().await;
    let answer = get(&mut scene.key, &page.origin(), &asked["publicKey"]);
    scene.world.clock.advance(Duration::from_secs(120));
    assert_eq!(page.step(json!({ "answer": answer })).await["kind"], "stop");
    scene.nothing_happened(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_lengthens_no_ceremony() {
    let mut scene = scene().await;
    let page = scene.page().await;
    let asked = page.begin().await;
    let answer = get(&mut scene.key, &page.origin(), &asked["publicKey"]);
    scene.world.clock.set_back(Duration::from_secs(60 * 60));
    scene.world.clock.advance(Duration::from_secs(120));
    assert_eq!(page.step(json!({ "answer": answer })).await["kind"], "stop");
    scene.nothing_happened(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_for_the_call_before_an_approver_changed_it_is_refused() {
    let step_up = POLICIES[1];
    let approval = (
        "also.toml",
        "name = \"Payments are looked at\"\n[target]\ntools = [\"ledger/send_payment\"]\n[action]\nkind = \"request_approval\"\nflow = \"owner\"\n",
    );
    let scene = scene_of(&[POLICIES[0], step_up, approval]).await;
    let Scene { world, mut key, card, .. } = scene;
    let page = Page::open(&ceremony_of(&world, &card).await).await;
    let asked = page.begin().await;
    let answer = get(&mut key, &page.origin(), &asked["publicKey"]);
    let arguments = policy::Value::parse(br#"{"amount":9000,"to":"b"}"#).unwrap();
    let (hold, digest) = (card.hold.parse().unwrap(), super::support::world::digest(&card));
    let owner = world.engine.owner_id().unwrap();
    world
        .engine
        .approve_edited(&hold, digest, arguments, (gateway::Means::Window, &owner), None)
        .expect("the owner changes what is sent");
    let reply = page.step(json!({ "answer": answer })).await;
    assert_eq!(reply["title"], "The call or what it needs has changed.", "{reply}");
    world.upstream.saw_nothing();
    let lines = journal::lines(&world.home.paths().journal());
    assert_eq!(lines.iter().filter(|line| line.kind == "passkey_refused").count(), 1);
    assert_eq!(world.card(&card.hold).unwrap().state, gateway::card::CardState::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_was_removed_meanwhile_proves_nothing() {
    let mut scene = scene().await;
    let _second = super::enrolled_by(&scene.world, "me", &mut scene.key).await;
    let page = scene.page().await;
    let asked = page.begin().await;
    let answer = get(&mut scene.key, &page.origin(), &asked["publicKey"]);
    let first = scene.world.engine.passkeys().unwrap()[0].id().clone();
    assert!(matches!(scene.world.engine.remove_passkey(&first).await, Ok(gateway::ceremony::Removal::Done)));
    assert_eq!(page.step(json!({ "answer": answer })).await["kind"], "again");
    scene.nothing_happened(1);
}

/// A row that somebody wrote into the journal's file enrols nobody. The next page that asks for a passkey notices it,
/// and so does the next start (`behind`): it is on record, the window says so, and everything is held.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_written_into_the_database_is_none() {
    let scene = scene().await;
    let mut stranger = passkey();
    let elsewhere = World::new(&POLICIES).await;
    super::run_enrolment(&elsewhere.engine, "me", &mut stranger, None).await;
    let theirs = elsewhere.engine.passkeys().unwrap()[0].clone();
    let file = rusqlite::Connection::open(scene.world.home.paths().journal()).unwrap();
    file.busy_timeout(Duration::from_secs(5)).unwrap();
    let changed = file
        .execute(
            "UPDATE entries SET kind = 'passkey_enrolled', body = (SELECT body FROM entries WHERE kind = 'passkey_enrolled')
             WHERE seq = (SELECT min(seq) FROM entries)",
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);
    assert!(scene.world.engine.journal().verify().is_err(), "the journal says so");
    let passkeys = scene.world.engine.passkeys().unwrap();
    assert!(passkeys.iter().all(|passkey| passkey.id() != theirs.id()));
    assert!(!scene.world.engine.is_paused() && scene.world.engine.journal_changed().is_none());
    let page = scene.page().await;
    let said = scene.world.until("it is noticed", |engine| engine.journal_changed().map(str::to_owned)).await;
    assert_eq!(said, "entry 1 enrols a passkey, and Doorward did not write that");
    assert!(scene.world.engine.is_paused(), "everything is held");
    let on_record = || {
        let entries = scene.world.engine.journal().entries(2).unwrap();
        let alarms = entries.into_iter().filter(|entry| entry.kind == "alarm").filter_map(|entry| entry.body);
        alarms.filter(|body| body.contains("journal_changed") && body.contains("entry 1 enrols")).count()
    };
    scene.world.until("it is on record", |_| (on_record() == 1).then_some(())).await;
    // The window shows it until this run ends.
    let host = ipc::Host::over(Ok(std::sync::Arc::clone(&scene.world.engine)), scene.world.home.dir());
    let overview = host.call("main", "overview", json!({})).await.unwrap();
    let alarms = overview["alarms"].as_array().unwrap();
    let shown =
        alarms.iter().find(|alarm| alarm["code"] == "journal_changed").expect("an alarm in the window");
    assert!(shown["message"].as_str().unwrap().contains("entry 1 enrols a passkey"), "{shown}");
    let mut asked = page.begin().await;
    asked["publicKey"]["allowCredentials"] = json!([{ "type": "public-key", "id": theirs.id().to_string() }]);
    let answer = get(&mut stranger, &page.origin(), &asked["publicKey"]);
    assert_eq!(page.step(json!({ "answer": answer })).await["kind"], "again");
    scene.nothing_happened(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_shows_something_else_cannot_ask() {
    let scene = scene().await;
    let page = scene.page().await;
    let reply: Value =
        page.send(&json!({ "shown": "0".repeat(64), "answer": null })).await.json().await.unwrap();
    assert_eq!((reply["kind"].as_str(), reply.get("publicKey")), (Some("stop"), None));
    scene.nothing_happened(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_verification_downgrade_is_refused() {
    let mut scene = scene().await;
    let page = scene.page().await;
    let mut asked = page.begin().await;
    asked["publicKey"]["userVerification"] = json!("discouraged");
    let answer = get(&mut scene.key, &page.origin(), &asked["publicKey"]);
    let reply = page.step(json!({ "answer": answer })).await;
    assert!(reply["text"].as_str().unwrap().contains("did not check who holds it"), "{reply}");
    scene.nothing_happened(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_on_another_port_cannot_lend_its_answer() {
    let mut scene = scene().await;
    let page = scene.page().await;
    let asked = page.begin().await;
    let answer = get(&mut scene.key, "http://localhost:9", &asked["publicKey"]);
    let reply = page.step(json!({ "answer": answer })).await;
    assert!(reply["text"].as_str().unwrap().contains("another page"), "{reply}");
    scene.nothing_happened(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_and_another_passkey_are_refused() {
    let mut scene = scene().await;
    let page = scene.page().await;
    let asked = page.begin().await;
    let mut answer = get(&mut scene.key, &page.origin(), &asked["publicKey"]);
    answer["response"]["authenticatorData"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAAQ");
    let reply = page.step(json!({ "answer": answer })).await;
    assert!(reply["text"].as_str().unwrap().contains("another site"), "{reply}");

    let mut stranger = passkey();
    let elsewhere = World::new(&POLICIES).await;
    super::run_enrolment(&elsewhere.engine, "me", &mut stranger, None).await;
    let theirs = elsewhere.engine.passkeys().unwrap()[0].id().to_string();
    let mut asked = page.begin().await;
    asked["publicKey"]["allowCredentials"] = json!([{ "type": "public-key", "id": theirs }]);
    let answer = get(&mut stranger, &page.origin(), &asked["publicKey"]);
    let reply = page.step(json!({ "answer": answer })).await;
    assert!(reply["text"].as_str().unwrap().contains("not one that was asked for"), "{reply}");
    scene.nothing_happened(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_page_of_ours_sends_is_refused() {
    let scene = scene().await;
    let page = scene.page().await;
    let body = json!({ "shown": page.mark(), "answer": null });
    for (name, value) in [
        ("origin", "http://localhost:9"),
        ("origin", "null"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-dest", "serviceworker"),
        ("service-worker", "script"),
        ("host", "127.0.0.1:80"),
    ] {
        let request = page.request(Method::POST, "/step").json(&body).build().unwrap();
        let mut request = request;
        request.headers_mut().insert(name, value.parse().unwrap());
        let status =
            reqwest::Client::builder().no_proxy().build().unwrap().execute(request).await.unwrap().status();
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    // A service worker's script is not to be had here, nor anything without the address.
    let worker =
        page.request(Method::GET, "/page.js").header("service-worker", "script").send().await.unwrap();
    assert_eq!(worker.status(), StatusCode::FORBIDDEN);
    let guessed = format!("{}/{}", page.origin(), "0".repeat(32));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.get(guessed).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let policy = page.request(Method::GET, "").send().await.unwrap();
    let policy = policy.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    scene.nothing_happened(6);
}

/// What can be noticed of a worker or a listener that somebody left on the port: the browser asks for the worker's
/// script anew, and old addresses are asked for. Each is refused and once on record, whatever comes.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_on_the_port_is_refused_and_on_record_once() {
    let scene = scene().await;
    let page = scene.page().await;
    let reasons = || {
        let entries = scene.world.engine.journal().entries(1).unwrap();
        let refused = entries.into_iter().filter(|entry| entry.kind == "passkey_refused");
        refused.filter_map(|entry| entry.body).collect::<Vec<_>>()
    };
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = |path: &str, worker: bool| {
        let request = client.get(format!("{}{path}", page.origin()));
        let request = if worker {
            request.header("service-worker", "script").header("sec-fetch-dest", "serviceworker")
        } else {
            request.header("sec-fetch-dest", "document")
        };
        request.header("sec-fetch-site", if worker { "same-origin" } else { "none" }).send()
    };
    // A browser asks for this by itself.
    assert_eq!(ask("/favicon.ico", false).await.unwrap().status(), StatusCode::NOT_FOUND);
    assert!(reasons().is_empty(), "{:?}", reasons());
    for path in ["/worker.js", "/worker.js", "/00000000000000000000000000000000"] {
        let refused = ask(path, true).await.unwrap();
        assert!(refused.status().is_client_error(), "{path}: {}", refused.status());
        // Whatever was left there goes with any answer of ours.
        assert_eq!(refused.headers()["clear-site-data"], "\"storage\"");
        assert_eq!(reasons().len(), 1, "once a ceremony");
    }
    assert!(reasons()[0].contains("service_worker"), "{:?}", reasons());
    for path in ["/0123456789abcdef0123456789abcdef", "/0123456789abcdef0123456789abcdef/page.js", "/"] {
        assert!(ask(path, false).await.unwrap().status().is_client_error(), "{path}");
    }
    assert_eq!(reasons().len(), 2);
    assert!(reasons()[1].contains("wrong_address"), "{:?}", reasons());
    // The page itself is as good as before.
    assert_eq!(page.begin().await["kind"], "get");
    scene.nothing_happened(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn i11_no_route_of_the_agents_port_stands_in_for_the_page() {
    let scene = scene().await;
    let page = scene.page().await;
    let token = page.url.path().to_owned();
    let door = scene.world.door();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in [token.clone(), format!("{token}/step"), format!("{token}/page.js"), format!("/mcp{token}")] {
        for method in [Method::GET, Method::POST, Method::PUT] {
            let request = client.request(method, format!("http://{door}{path}"));
            let status = request.json(&json!({ "shown": "", "reject": true })).send().await.unwrap().status();
            assert!(status.is_client_error(), "{path}: {status}");
        }
    }
    assert_eq!(scene.world.engine.desk().inbox().len(), 1, "it still waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_is_ours_on_both_addresses_and_gone_afterwards() {
    let scene = scene().await;
    let page = scene.page().await;
    let port = page.url.port().unwrap();
    for address in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}"), format!("[::1]:{port}")] {
        assert!(std::net::TcpListener::bind(&address).is_err(), "{address} is taken");
    }
    scene.world.engine.shutdown().await;
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody listens there any more");
}
