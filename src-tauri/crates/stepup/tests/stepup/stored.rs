//! A kept assertion proves the same later, and only that.

use crate::desk::{Desk, NOW, UNTIL, get};
use proptest::prelude::*;
use serde_json::{Value, json};
use stepup::{Binding, Evidence, Purpose, verify_stored};
use webauthn_authenticator_rs::softpasskey::SoftPasskey;

fn set(byte: u8) -> Binding {
    Binding::new(Purpose::SignSet, [byte; 32])
}

/// Evidence of Ana's for set 1, as it is kept.
fn kept() -> (Desk, SoftPasskey, Value) {
    let (mut desk, mut key) = Desk::with_ana();
    let proof = desk.prove("ana", &mut key, set(1)).unwrap();
    desk.roster.used(&proof, NOW).unwrap();
    (desk, key, proof.evidence().to_json().unwrap())
}

fn verified(desk: &Desk, kept: &Value, binding: &Binding) -> &'static str {
    let evidence = match Evidence::from_json(kept) {
        Ok(evidence) => evidence,
        Err(error) => return error.code(),
    };
    let credential = &desk.roster.all()[0];
    verify_stored(&evidence, binding, credential).err().map_or("valid", |error| error.code())
}

#[test]
fn it_can_be_verified_by_anybody_who_has_the_credentials_record() {
    let (desk, _, kept) = kept();
    let text = serde_json::to_string(&desk.roster).unwrap();
    let elsewhere = Desk { roster: serde_json::from_str(&text).unwrap(), ..Desk::new() };
    assert_eq!(verified(&elsewhere, &kept, &set(1)), "valid");
    let evidence = Evidence::from_json(&kept).unwrap();
    let shown = verify_stored(&evidence, &set(1), &elsewhere.roster.all()[0]).unwrap();
    assert_eq!((shown.person.as_str(), shown.name.as_str()), ("ana", "Laptop"));
    assert_eq!(shown.fingerprint.len(), 19);
}

#[test]
fn later_uses_and_a_removal_do_not_spoil_it() {
    let (mut desk, mut key, kept) = kept();
    for _ in 0..3 {
        let proof = desk.prove("ana", &mut key, set(9)).unwrap();
        desk.roster.used(&proof, NOW).unwrap();
    }
    let id = desk.roster.all()[0].id().clone();
    desk.roster.remove(&id, NOW).unwrap();
    assert_eq!(verified(&desk, &kept, &set(1)), "valid");
}

#[test]
fn it_proves_nothing_else() {
    let (desk, _, kept) = kept();
    assert_eq!(verified(&desk, &kept, &set(2)), "other_challenge");
    let vote = Binding::new(Purpose::Vote, [1; 32]);
    assert_eq!(verified(&desk, &kept, &vote), "other_challenge");
    let mut renamed = kept.clone();
    renamed["purpose"] = json!("vote");
    assert_eq!(verified(&desk, &renamed, &vote), "other_challenge");
    assert_eq!(
        verified(&desk, &renamed, &set(1)),
        "other_challenge",
        "what it says it is for is what was signed"
    );
}

#[test]
fn a_forged_one_is_found() {
    let (desk, _, kept) = kept();
    let forged: [(&str, Value, &str); 9] = [
        ("/nonce", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "other_challenge"),
        ("/nonce", json!("AAAA"), "unreadable"),
        ("/origin", json!("http://localhost:41235"), "other_origin"),
        ("/origin", json!("https://example.com"), "other_origin"),
        ("/origin", json!("https://example.com:41234"), "other_origin"),
        ("/origin", json!("http://localhost:41234/elsewhere"), "other_origin"),
        ("/version", json!(2), "unreadable"),
        ("/credential", json!("AAAA"), "other_credential"),
        (
            "/assertion/response/authenticatorData",
            json!("SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAACQ"),
            "signature",
        ),
    ];
    for (place, value, expected) in forged {
        let mut changed = kept.clone();
        *changed.pointer_mut(place).unwrap() = value;
        assert_eq!(verified(&desk, &changed, &set(1)), expected, "{place}");
    }
}

/// The passkey itself signed the very question, and did not check who held it.
#[test]
fn one_without_user_verification_proves_nothing_later_either() {
    let (desk, mut key) = Desk::with_ana();
    let (request, pending) = desk.party.start_proof(&desk.roster.of("ana"), set(1), UNTIL).unwrap();
    let mut weaker = request.clone();
    weaker["publicKey"]["userVerification"] = json!("discouraged");
    let verified_one = get(&mut key, desk.party.origin(), request);
    let unverified = get(&mut key, desk.party.origin(), weaker);
    let proof = desk.party.finish_proof(pending, &verified_one, NOW).unwrap();
    let mut kept = proof.evidence().to_json().unwrap();
    assert_eq!(verified(&desk, &kept, &set(1)), "valid");
    kept["assertion"] = unverified;
    assert_eq!(verified(&desk, &kept, &set(1)), "not_verified");
}

#[test]
fn another_key_under_the_same_id_is_found() {
    let (desk, _, kept) = kept();
    let (other, _) = Desk::with_ana();
    let mut roster = serde_json::to_value(&desk.roster).unwrap();
    let stranger = serde_json::to_value(&other.roster).unwrap();
    for record in ["enrolled", "current"] {
        roster["credentials"][0][record]["cred"]["cred"] =
            stranger["credentials"][0][record]["cred"]["cred"].clone();
    }
    let forged = Desk { roster: serde_json::from_value(roster).unwrap(), ..Desk::new() };
    assert_eq!(verified(&forged, &kept, &set(1)), "signature");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn an_assertion_verifies_for_its_own_binding_and_no_other(asked: [u8; 32], other: [u8; 32]) {
        let (desk, mut key) = Desk::with_ana();
        let binding = Binding::new(Purpose::StepUp, asked);
        let evidence = desk.prove("ana", &mut key, binding).unwrap().evidence().to_json().unwrap();
        prop_assert_eq!(verified(&desk, &evidence, &binding), "valid");
        let stranger = Binding::new(Purpose::StepUp, other);
        prop_assert_eq!(verified(&desk, &evidence, &stranger) == "valid", asked == other);
    }
}
