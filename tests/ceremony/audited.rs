//! An exported journal on another machine: `doorward journal verify` tells which releases which passkey proved, and
//! finds what was made to look so.

use super::enrolled;
use super::held::{POLICIES, ceremony_of};
use super::support::browser::Page;
use super::support::home::TestHome;
use super::support::program::doorward;
use super::support::world::World;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const APPROVED: (&str, &str) = (
    "deletions.toml",
    r#"
name = "Deletions are approved"
[target]
tools = ["ledger/delete_customer"]
[action]
kind = "request_approval"
"#,
);

/// What the program says of an export, with no home of its own at hand; and whether it is content.
pub(super) fn said(text: &str) -> (bool, String) {
    let elsewhere = TestHome::folder();
    let file = elsewhere.dir().with_file_name("journal.jsonl");
    std::fs::write(&file, text).unwrap();
    let output = doorward(&elsewhere.dir(), ["journal", "verify"]).arg(&file).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

/// The lines with bodies changed, chained anew as anybody can: only what a passkey signed is not theirs to make.
pub(super) fn forged(text: &str, change: &dyn Fn(u64, &mut Value)) -> String {
    let (mut before, mut out) = ([0_u8; 32], String::new());
    for line in text.lines() {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let mut content = line.rsplit_once(",\"line\":").unwrap().0.to_owned();
        if let Some(seq) = value["seq"].as_u64() {
            let written = value["body"].clone();
            change(seq, &mut value["body"]);
            if value["body"] != written {
                let head = content.split_once(",\"body\":").unwrap().0;
                content = format!("{head},\"body\":{}", value["body"]);
            }
        }
        let mut hash = Sha256::new();
        hash.update(b"doorward export line v1");
        hash.update(before);
        hash.update(content.as_bytes());
        before = hash.finalize().into();
        let hex: String = before.iter().map(|byte| format!("{byte:02x}")).collect();
        out.push_str(&format!("{content},\"line\":\"{hex}\"}}\n"));
    }
    out
}

/// Every proof in a body.
fn proofs(body: &mut Value, change: &dyn Fn(&mut serde_json::Map<String, Value>)) {
    match body {
        Value::Object(map) => {
            if map.contains_key("evidence") && map.contains_key("hold") {
                change(map);
            }
            map.values_mut().for_each(|inner| proofs(inner, change));
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| proofs(inner, change)),
        _ => {}
    }
}

/// The evidence of every proof, which is JSON in a text.
fn evidence(body: &mut Value, change: &dyn Fn(&mut Value)) {
    proofs(body, &|proof| {
        let mut signed: Value = serde_json::from_str(proof["evidence"].as_str().unwrap()).unwrap();
        change(&mut signed);
        proof.insert("evidence".to_owned(), signed.to_string().into());
    });
}

fn other_end(text: &Value) -> String {
    let mut text = text.as_str().unwrap().to_owned();
    let last = if text.ends_with('A') { "B" } else { "A" };
    text.replace_range(text.len() - 6..text.len() - 5, last);
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_tells_elsewhere_which_passkey_proved_which_release_and_a_forged_one_is_found() {
    let world = World::new(&[POLICIES[0], POLICIES[1], APPROVED]).await;
    let agent = world.agent("claude").await;
    let mut key = enrolled(&world, "me").await;
    // The second has a secret, so that its call is redacted once it was sent.
    let mut holds = Vec::new();
    for arguments in [json!({ "amount": 7250 }), json!({ "amount": 1, "api_key": "sk-very-secret" })] {
        let pending = agent.start("send_payment", arguments);
        let card = world.held().await;
        let reply = Page::open(&ceremony_of(&world, &card).await).await.run(None, Some(&mut key)).await;
        assert_eq!(reply["kind"], "done", "{reply}");
        pending.answer().await.ran();
        holds.push(card.hold);
    }
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    let card = world.held().await;
    world.vote(&card, approvals::Choice::Approve).unwrap();
    pending.answer().await.ran();
    // What an agent writes is no proof, whatever it looks like.
    agent.call("list_expenses", json!({ "status": { "method": "GET", "hold": true } })).await;
    agent.call("list_expenses", json!({})).await.ran();

    let mut text = Vec::new();
    world.engine.journal().export(journal::ExportFormat::JsonLines, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains("sk-very-secret"), "I8");
    let (is_good, told) = said(&text);
    assert!(is_good, "{told}");
    assert!(told.contains("Passkey on record: Laptop of me, "), "{told}");
    let proven =
        told.lines().filter(|line| line.contains("ledger/send_payment: proven by me's passkey Laptop"));
    assert_eq!(proven.count(), 2, "{told}");
    assert_eq!(told.matches("its arguments were redacted since").count(), 1, "{told}");
    assert!(told.contains("ledger/delete_customer: approved by me, without proof."), "{told}");
    assert!(!told.contains("list_expenses") && !told.contains("forged"), "{told}");
    assert_eq!(forged(&text, &|_, _| {}), text, "chained anew it comes out the same");

    // A proof that was never given, in the place of one that was.
    let first = &holds[0];
    let of = |body: &Value, hold: &str| body.to_string().contains(hold);
    let mut signed = Value::Null;
    for line in text.lines() {
        let mut body = serde_json::from_str::<Value>(line).unwrap()["body"].take();
        if of(&body, &holds[1]) {
            let found = std::cell::RefCell::new(Value::Null);
            proofs(&mut body, &|proof| *found.borrow_mut() = proof["evidence"].clone());
            if found.borrow().is_string() {
                signed = found.into_inner();
            }
        }
    }
    assert!(signed.is_string(), "the second hold's proof");
    type Forge<'a> = (&'a str, Box<dyn Fn(u64, &mut Value) + 'a>, &'a str);
    let forges: [Forge<'_>; 5] = [
        (
            "a forged assertion",
            Box::new(|_, body| {
                evidence(body, &|signed| {
                    let signature = &mut signed["assertion"]["assertion"]["response"]["signature"];
                    *signature = other_end(signature).into();
                })
            }),
            "is forged",
        ),
        (
            "another hold's assertion",
            Box::new(|_, body| {
                if of(body, first) {
                    proofs(body, &|proof| drop(proof.insert("evidence".to_owned(), signed.clone())));
                }
            }),
            "signed for another hold, call or person",
        ),
        (
            "a changed statement",
            Box::new(|_, body| evidence(body, &|signed| signed["statement"]["expires_at"] = 1.into())),
            "is forged",
        ),
        (
            "a passkey of somebody else's",
            Box::new(|_, body| {
                if body["what"] == "enrolled" {
                    body["credential"]["person"] = "eva".into();
                }
            }),
            "is forged",
        ),
        (
            "a proof without its assertion",
            Box::new(|_, body| proofs(body, &|proof| drop(proof.remove("evidence")))),
            "it has no evidence",
        ),
    ];
    for (what, forge, why) in &forges {
        let changed = forged(&text, forge.as_ref());
        assert_ne!(changed, text, "{what}");
        let (is_good, told) = said(&changed);
        assert!(!is_good && told.contains(why), "{what}: {told}");
        assert!(told.contains("Do not rely on this export"), "{what}: {told}");
    }
    let (is_good, told) = said(&text.replacen("send_payment", "sond_payment", 1));
    assert!(!is_good && told.contains("its line was changed"), "{told}");
}
