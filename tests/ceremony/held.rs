//! A held call and the passkey it waits for.

use super::support::agent::Agent;
use super::support::browser::{Page, passkey};
use super::support::home::{ALLOW, TestHome};
use super::support::journal;
use super::support::world::World;
use super::{enrolled, run_enrolment};
use gateway::HoldId;
use gateway::card::Card;
use gateway::ceremony::{Audit, AuditedEntry, Ceremony, SignedStatement, Subject};
use serde_json::json;

pub(crate) const POLICIES: [(&str, &str); 2] = [
    ALLOW,
    (
        "payments.toml",
        r#"
name = "Payments need a passkey"
[target]
tools = ["ledger/send_payment"]
[action]
kind = "step_up"
method = "passkey"
"#,
    ),
];

pub(crate) async fn ceremony_of(world: &World, card: &Card) -> Ceremony {
    let hold: HoldId = card.hold.parse().unwrap();
    world.engine.start_ceremony(Subject::Hold { hold }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_runs_once_after_the_passkey_was_used_and_the_record_proves_it() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let mut key = enrolled(&world, "me").await;
    let pending = agent.start("send_payment", json!({ "amount": 7250, "to": "Nordwind\u{200b} GmbH" }));
    let card = world.held().await;
    assert!(world.vote(&card, approvals::Choice::Approve).is_err(), "a click is no passkey");
    world.upstream.saw_nothing();
    let page = Page::open(&ceremony_of(&world, &card).await).await;
    assert!(page.text.contains("ledger/send_payment") && page.text.contains("7250"), "{}", page.text);
    assert!(page.text.contains("ZERO-WIDTH SPACE") && page.text.contains("Payments need a passkey"));
    let reply = page.run(None, Some(&mut key)).await;
    assert_eq!(reply["kind"], "done", "{reply}");
    assert_eq!(pending.answer().await.ran(), "send_payment ran");
    assert_eq!(world.upstream.calls().len(), 1);
    assert_eq!(page.begin().await["kind"], "stop", "a second use");
    assert!(Page::at(page.url.as_str()).await.text.contains("works once and is used"));

    // What is on record verifies with nothing but the credential's record, and only as it stands.
    let passkeys = world.engine.passkeys().unwrap();
    let proof = recorded_proof(&world, &card.hold);
    let signed: SignedStatement = serde_json::from_str(&proof).unwrap();
    assert_eq!(signed.statement.hold.as_str(), card.hold);
    assert_eq!(signed.statement.digest.to_string(), card.digest);
    assert_eq!(signed.verify(&passkeys[0]).unwrap().person, "me");
    let mut forged = signed.clone();
    forged.statement.head += 1;
    assert!(forged.verify(&passkeys[0]).is_err());
    let kinds = journal::lines(&world.home.paths().journal());
    assert!(kinds.iter().any(|line| line.kind == "passkey_asked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_of_the_entries_tells_the_proofs_and_finds_a_forged_one() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let mut key = enrolled(&world, "me").await;
    let pending = agent.start("send_payment", json!({ "amount": 1 }));
    let card = world.held().await;
    let page = Page::open(&ceremony_of(&world, &card).await).await;
    assert_eq!(page.run(None, Some(&mut key)).await["kind"], "done");
    pending.answer().await.ran();
    let entries = world.engine.journal().entries(0).unwrap();
    let audited = |change: &dyn Fn(&str) -> String| {
        let mut audit = Audit::default();
        for entry in &entries {
            let body = entry.body.as_deref().map(change);
            let (seq, at, hold) = (entry.seq, entry.at, entry.hold.as_deref());
            let (kind, hash) = (entry.kind.as_str(), entry.hash.as_str());
            audit.take(AuditedEntry { seq, at, kind, hold, hash, body: body.as_deref() });
        }
        audit
    };
    let honest = audited(&|body| body.to_owned());
    assert_eq!(honest.forged(), []);
    let [proof] = honest.proven() else { panic!("one proof: {:?}", honest.proven()) };
    assert_eq!(
        (proof.hold.as_str(), proof.person.as_str(), proof.name.as_str()),
        (card.hold.as_str(), "me", "Laptop")
    );
    assert_eq!(honest.last_anchor(), Some(proof.head));
    // The same record with another call, or with a passkey that nobody enrolled.
    let other_call = "0".repeat(card.digest.len());
    let forged = audited(&|body| body.replace(&card.digest, &other_call));
    assert!(forged.proven().is_empty() && !forged.forged().is_empty());
    let forged =
        audited(&|body| if body.contains("\"enrolled\"") { "{}".to_owned() } else { body.to_owned() });
    assert!(forged.proven().is_empty() && !forged.forged().is_empty());
}

/// The evidence kept with the hold, as the journal has it.
fn recorded_proof(world: &World, hold: &str) -> String {
    let journal = world.engine.journal();
    let entries = journal.entries(0).unwrap();
    let of_hold = entries.iter().filter(|entry| entry.hold.as_deref() == Some(hold));
    let bodies = of_hold.filter_map(|entry| entry.body.as_deref());
    let mut found = bodies.filter_map(|body| {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        evidence(&body)
    });
    found.next_back().expect("a proof is on record")
}

fn evidence(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Object(map) => {
            let own = map.get("evidence").and_then(serde_json::Value::as_str).map(str::to_owned);
            own.or_else(|| map.values().find_map(evidence))
        }
        serde_json::Value::Array(list) => list.iter().find_map(evidence),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_passkey_the_page_says_what_to_do() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let pending = agent.start("send_payment", json!({ "amount": 1 }));
    // Nobody could prove it, so it is not held at all.
    pending.answer().await.refused("step_up_not_set_up");
    world.upstream.saw_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_can_reject() {
    let world = World::new(&POLICIES).await;
    let agent = world.agent("claude").await;
    let _key = enrolled(&world, "me").await;
    let pending = agent.start("send_payment", json!({ "amount": 1 }));
    let page = Page::open(&ceremony_of(&world, &world.held().await).await).await;
    assert_eq!(page.step(json!({ "reject": true })).await["title"], "Rejected.");
    pending.answer().await.refused("rejected");
    world.upstream.saw_nothing();
    let entries = world.engine.journal().entries(0).unwrap();
    let votes: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry.body.as_deref())
        .filter(|body| body.contains("\"rejected\"") || body.contains("\"reject\""))
        .collect();
    assert!(votes.iter().any(|body| body.contains("\"means\":\"ceremony\"")), "{votes:?}");
}

/// A payment needs the passkeys of two people.
pub(crate) fn two_people() -> TestHome {
    let home = TestHome::in_memory(&[
        ALLOW,
        (
            "flows/pair.toml",
            "name = \"Two people\"\n[[stage]]\nusers = [\"me\"]\nstep_up = \"passkey\"\n[[stage]]\nusers = [\"bob\"]\nstep_up = \"passkey\"\n",
        ),
        (
            "payments.toml",
            "name = \"Payments need two\"\n[target]\ntools = [\"ledger/send_payment\"]\n[action]\nkind = \"request_approval\"\nflow = \"pair\"\n",
        ),
    ]);
    home.write_people(
        "[[user]]\nid = \"me\"\nname = \"Ana\"\nowner = true\n[[user]]\nid = \"bob\"\nname = \"Bob\"\n",
    );
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_approve_each_with_their_own_passkey() {
    let home = two_people();
    let world = World::of(home).await;
    let agent: Agent = world.agent("claude").await;
    let mut ana = enrolled(&world, "me").await;
    let mut bob = passkey();
    run_enrolment(&world.engine, "bob", &mut bob, Some(&mut ana)).await;
    let pending = agent.start("send_payment", json!({ "amount": 9 }));
    let card = world.held().await;
    let page = Page::open(&ceremony_of(&world, &card).await).await;
    assert_eq!(page.run(None, Some(&mut ana)).await["kind"], "done");
    assert!(pending.is_waiting());
    world.upstream.saw_nothing();
    // Ana cannot be Bob: her passkey is not asked for any more.
    let page = Page::open(&ceremony_of(&world, &card).await).await;
    let asked = page.begin().await;
    let ids = world.engine.passkeys().unwrap();
    let of_bob = ids.iter().find(|passkey| passkey.person() == "bob").unwrap().id().as_str();
    let allowed: Vec<&str> = asked["publicKey"]["allowCredentials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(allowed, [of_bob]);
    assert_eq!(page.run(None, Some(&mut bob)).await["kind"], "done");
    assert_eq!(pending.answer().await.ran(), "send_payment ran");
}
