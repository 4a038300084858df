//! An export in which a release was made to look right: what is on record of its hold, lived again elsewhere, does not
//! let it go. Who forges an export chains its lines anew, as anybody can.

use super::audited::{forged, said};
use super::held::ceremony_of;
use super::support::browser::{Page, SoftPasskey};
use super::support::home::ALLOW;
use super::support::world::World;
use super::{enrolled, enrolled_by};
use gateway::ceremony::Removal;
use serde_json::{Value, json};

/// A proof counts for ten minutes.
const PAYMENTS: (&str, &str) = (
    "payments.toml",
    "name = \"Payments need a passkey\"\n[target]\ntools = [\"ledger/send_payment\"]\n[action]\nkind = \"step_up\"\nmethod = \"passkey\"\nmax_age = \"10m\"\n",
);
const DELETIONS: (&str, &str) = (
    "deletions.toml",
    "name = \"Deletions are approved\"\n[target]\ntools = [\"ledger/delete_customer\"]\n[action]\nkind = \"request_approval\"\n",
);

/// A payment that was proven, one that went within its time, a deletion that was approved; and a passkey that went.
async fn record() -> String {
    let world = World::new(&[ALLOW, PAYMENTS, DELETIONS]).await;
    world.engine.presence().set_locked(false);
    let agent = world.agent("claude").await;
    let mut first = enrolled(&world, "me").await;
    let mut second: SoftPasskey = enrolled_by(&world, "me", &mut first).await;
    let id = world.engine.passkeys().unwrap()[0].id().clone();
    assert!(matches!(world.engine.remove_passkey(&id).await, Ok(Removal::Done)));
    let pending = agent.start("send_payment", json!({ "amount": 7250.00 }));
    let ceremony = ceremony_of(&world, &world.held().await).await;
    assert_eq!(Page::open(&ceremony).await.run(None, Some(&mut second)).await["kind"], "done");
    pending.answer().await.ran();
    agent.call("send_payment", json!({ "amount": 12 })).await.ran();
    let pending = agent.start("delete_customer", json!({ "customer_id": "c-1" }));
    world.vote(&world.held().await, approvals::Choice::Approve).unwrap();
    pending.answer().await.ran();
    let mut text = Vec::new();
    world.engine.journal().export(journal::ExportFormat::JsonLines, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Whatever a body calls `member`, at any depth, where it is `from`.
fn put(body: &mut Value, member: &str, from: &Value, to: &Value) {
    match body {
        Value::Object(map) => {
            for (name, value) in map {
                if name == member && value == from {
                    *value = to.clone();
                } else {
                    put(value, member, from, to);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| put(one, member, from, to)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_what_is_on_record_does_not_let_go_is_found() {
    let text = record().await;
    let (is_good, told) = said(&text);
    assert!(is_good, "{told}");
    let line = told.lines().find(|line| line.starts_with("Passkey on record: Laptop of me, ")).unwrap();
    assert!(line.contains("; removed in entry "), "{told}");
    assert!(told.contains("ledger/send_payment: proven by me's passkey Key."), "{told}");
    assert!(told.contains("ledger/send_payment: within the time after me's passkey Key in entry "), "{told}");
    assert!(told.contains("ledger/delete_customer: approved by me, without proof."), "{told}");

    let removed = text.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        (line["kind"] == "passkey_removed").then(|| line["body"]["credential"].clone())
    });
    let kept = text.lines().find_map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let of = line["body"]["credential"]["id"].clone();
        (line["kind"] == "passkey_enrolled" && Some(&of) != removed.as_ref()).then_some(of)
    });
    let (removed, kept) = (removed.unwrap(), kept.unwrap());
    type Forge<'a> = (&'a str, Box<dyn Fn(u64, &mut Value) + 'a>, &'a str);
    let forges: [Forge<'_>; 10] = [
        (
            "another amount than the passkey signed",
            Box::new(|_, body| put(body, "amount", &json!(7250.00), &json!(1))),
            "signed for another call than the one that was held",
        ),
        (
            "another amount than was let go within a proof's time",
            Box::new(|_, body| put(body, "amount", &json!(12), &json!(12_000))),
            "it let another call go than the one that was judged",
        ),
        (
            "another customer than was approved",
            Box::new(|_, body| put(body, "customer_id", &json!("c-1"), &json!("c-2"))),
            "does not let it go",
        ),
        (
            "an approval that was a rejection",
            Box::new(|_, body| {
                put(body, "choice", &json!("approve"), &json!({ "reject": { "reason": null } }))
            }),
            "does not let it go",
        ),
        (
            "a payment that nobody is said to have held",
            Box::new(|_, body| {
                if body["basis"]["votes"].is_object() {
                    body["basis"] = json!({ "policy": { "revision": "r" } });
                }
            }),
            "its hold is not what let it go",
        ),
        (
            "a release long after the proof that it names",
            Box::new(|_, body| {
                if body["basis"]["window"].is_object() {
                    body["at"] = (body["at"].as_i64().unwrap() + 3_600_000).into();
                }
            }),
            "the earlier proof that it names does not count for it",
        ),
        (
            "a release by a proof that nobody gave",
            Box::new(|_, body| {
                if body["basis"]["window"].is_object() {
                    body["basis"]["window"]["proof"] = "p-aaaaaaaaaaaaaaaaaaaa".into();
                }
            }),
            "the earlier proof that it names is not on record",
        ),
        (
            "a payment that a policy is said to have allowed",
            Box::new(|_, body| {
                if body["basis"]["window"].is_object() {
                    body["basis"] = json!({ "policy": { "revision": "r" } });
                }
            }),
            "its policies did not let it go, and nobody did",
        ),
        (
            "a payment that went by a grant",
            Box::new(|_, body| {
                if body["basis"]["window"].is_object() {
                    body["basis"] = json!({ "grant": { "grant": "g-aaaaaaaaaaaaaaaaaaaa" } });
                }
            }),
            "it went by a grant, which is no proof",
        ),
        (
            "a passkey that had been removed",
            Box::new(|_, body| {
                if body["what"] == "removed" {
                    put(body, "credential", &removed, &kept);
                }
            }),
            "its passkey had been removed",
        ),
    ];
    for (what, forge, why) in &forges {
        let changed = forged(&text, forge.as_ref());
        assert_ne!(changed, text, "{what}");
        let (is_good, told) = said(&changed);
        assert!(!is_good && told.contains(why), "{what}: {told}");
    }
}
