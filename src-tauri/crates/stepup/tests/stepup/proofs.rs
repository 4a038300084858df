//! One ceremony: the right answer counts once, every other is refused.

use crate::desk::{Desk, NOW, PORT, UNTIL, get};
use serde_json::{Value, json};
use stepup::{Binding, Proof, ProofError, Purpose, RelyingParty};
use webauthn_authenticator_rs::softpasskey::SoftPasskey;

fn hold(byte: u8) -> Binding {
    Binding::new(Purpose::StepUp, [byte; 32])
}

fn code(result: Result<Proof, ProofError>) -> &'static str {
    result.err().map_or("accepted", |error| error.code())
}

/// A question about hold 1, answered after `change` on a page of `origin`.
fn answered(origin: &str, change: impl FnOnce(&mut Value)) -> &'static str {
    let (desk, mut key) = Desk::with_ana();
    let (mut request, pending) = desk.party.start_proof(&desk.roster.of("ana"), hold(1), UNTIL).unwrap();
    change(&mut request);
    let answer = get(&mut key, origin, request);
    code(desk.party.finish_proof(pending, &answer, NOW))
}

#[test]
fn a_passkey_proves_presence_for_what_was_asked() {
    let (mut desk, mut key) = Desk::with_ana();
    let proof = desk.prove("ana", &mut key, hold(1)).unwrap();
    assert_eq!(proof.person(), "ana");
    assert_eq!(*proof.binding(), hold(1));
    let credential = desk.roster.used(&proof, NOW + 5).unwrap();
    assert_eq!(credential.last_used_at(), Some(NOW + 5));
}

#[test]
fn every_request_asks_for_user_verification_and_says_nothing_of_the_call() {
    let (desk, _) = Desk::with_ana();
    let credentials = desk.roster.of("ana");
    let ask = || desk.party.start_proof(&credentials, hold(1), UNTIL).unwrap().0["publicKey"].clone();
    let (one, two) = (ask(), ask());
    assert_eq!(one["userVerification"], "required");
    assert_eq!(one["rpId"], "localhost");
    assert_ne!(one["challenge"], two["challenge"], "each has its own nonce");
}

#[test]
fn the_right_answer_counts() {
    assert_eq!(answered("http://localhost:41234", |_| {}), "accepted");
}

#[test]
fn an_answer_for_another_question_is_refused() {
    let (desk, mut key) = Desk::with_ana();
    let credentials = desk.roster.of("ana");
    let (other, _) = desk.party.start_proof(&credentials, hold(2), UNTIL).unwrap();
    let (_, pending) = desk.party.start_proof(&credentials, hold(1), UNTIL).unwrap();
    let answer = get(&mut key, desk.party.origin(), other);
    assert_eq!(code(desk.party.finish_proof(pending, &answer, NOW)), "other_challenge");
}

#[test]
fn a_replay_is_refused() {
    let (desk, mut key) = Desk::with_ana();
    let credentials = desk.roster.of("ana");
    let (request, pending) = desk.party.start_proof(&credentials, hold(1), UNTIL).unwrap();
    let answer = get(&mut key, desk.party.origin(), request);
    assert_eq!(code(desk.party.finish_proof(pending, &answer, NOW)), "accepted");
    let (_, again) = desk.party.start_proof(&credentials, hold(1), UNTIL).unwrap();
    assert_eq!(code(desk.party.finish_proof(again, &answer, NOW)), "other_challenge");
}

#[test]
fn an_answer_after_the_end_is_refused() {
    let (desk, mut key) = Desk::with_ana();
    let (request, pending) = desk.party.start_proof(&desk.roster.of("ana"), hold(1), UNTIL).unwrap();
    let answer = get(&mut key, desk.party.origin(), request);
    assert_eq!(code(desk.party.finish_proof(pending, &answer, UNTIL)), "expired");
}

#[test]
fn a_page_elsewhere_on_this_machine_cannot_lend_its_answer() {
    for origin in ["http://localhost:41235", "http://localhost", "https://localhost:41234"] {
        assert_eq!(answered(origin, |_| {}), "other_origin", "{origin}");
    }
}

#[test]
fn an_answer_for_another_site_is_refused() {
    let (desk, mut key) = Desk::with_ana();
    let (request, pending) = desk.party.start_proof(&desk.roster.of("ana"), hold(1), UNTIL).unwrap();
    let mut answer = get(&mut key, desk.party.origin(), request);
    // The hash of another site's id at the beginning of the signed data.
    answer["response"]["authenticatorData"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAAQ");
    assert_eq!(code(desk.party.finish_proof(pending, &answer, NOW)), "other_site");
}

#[test]
fn a_page_that_asks_for_less_gets_nothing() {
    let (desk, mut key) = Desk::with_ana();
    let (mut request, pending) = desk.party.start_proof(&desk.roster.of("ana"), hold(1), UNTIL).unwrap();
    request["publicKey"]["userVerification"] = json!("discouraged");
    // The authenticator does as it is asked, and says so in the data it signs.
    let answer = get(&mut key, desk.party.origin(), request);
    assert_eq!(code(desk.party.finish_proof(pending, &answer, NOW)), "not_verified");
}

#[test]
fn a_changed_signature_is_refused() {
    let (desk, mut key) = Desk::with_ana();
    let (request, pending) = desk.party.start_proof(&desk.roster.of("ana"), hold(1), UNTIL).unwrap();
    let mut answer = get(&mut key, desk.party.origin(), request);
    answer["response"]["authenticatorData"] = json!("SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAACQ");
    assert_eq!(code(desk.party.finish_proof(pending, &answer, NOW)), "signature");
}

#[test]
fn another_persons_passkey_is_not_taken() {
    let (mut desk, mut ana) = Desk::with_ana();
    let mut bob = SoftPasskey::new(true);
    desk.enrol("bob", &mut bob, &mut ana);
    let (asked_of_ana, pending) = desk.party.start_proof(&desk.roster.of("ana"), hold(1), UNTIL).unwrap();
    let (mut request, _) = desk.party.start_proof(&desk.roster.of("bob"), hold(1), UNTIL).unwrap();
    request["publicKey"]["challenge"] = asked_of_ana["publicKey"]["challenge"].clone();
    let answer = get(&mut bob, desk.party.origin(), request);
    assert_eq!(code(desk.party.finish_proof(pending, &answer, NOW)), "other_credential");
}

#[test]
fn a_counter_that_goes_back_is_a_copy() {
    let (mut desk, mut key) = Desk::with_ana();
    let ask = |desk: &Desk| desk.party.start_proof(&desk.roster.of("ana"), hold(1), UNTIL).unwrap();
    let (request, early) = ask(&desk);
    // The copy answers first, the other one later and with a lower count.
    let answer = get(&mut key, desk.party.origin(), request);
    drop(early);
    let later = desk.prove("ana", &mut key, hold(1)).unwrap();
    desk.roster.used(&later, NOW).unwrap();
    let (_, pending) = ask(&desk);
    let refused = code(desk.party.finish_proof(pending, &answer, NOW));
    assert_eq!(refused, "other_challenge", "an old answer fails before its counter is looked at");
    let mut low = serde_json::to_value(&desk.roster).unwrap();
    low["credentials"][0]["current"]["cred"]["counter"] = json!(90);
    desk.roster = serde_json::from_value(low).unwrap();
    assert_eq!(code(desk.prove("ana", &mut key, hold(1))), "possible_copy");
}

#[test]
fn nobody_is_asked_for_a_passkey_that_is_not_there() {
    let (mut desk, mut key) = Desk::with_ana();
    assert_eq!(code(desk.prove("bob", &mut key, hold(1))), "no_credential");
    let id = desk.roster.of("ana")[0].id().clone();
    let removed = desk.roster.of("ana")[0].clone();
    desk.roster.remove(&id, NOW).unwrap();
    assert_eq!(code(desk.prove("ana", &mut key, hold(1))), "no_credential");
    let party = RelyingParty::on_port(PORT).unwrap();
    assert!(party.start_proof(&[&removed], hold(1), UNTIL).is_ok(), "a copy from before the removal");
    let after = desk.roster.any(&id).unwrap();
    assert_eq!(
        party.start_proof(&[after], hold(1), UNTIL).err().map(|error| error.code()),
        Some("no_credential")
    );
}

#[test]
fn what_is_no_answer_at_all_is_said_to_be_unreadable() {
    let (desk, _) = Desk::with_ana();
    for answer in
        [json!(null), json!({}), json!({"id": "x", "rawId": "x", "response": {}, "type": "public-key"})]
    {
        let (_, pending) = desk.party.start_proof(&desk.roster.of("ana"), hold(1), UNTIL).unwrap();
        assert_eq!(code(desk.party.finish_proof(pending, &answer, NOW)), "unreadable");
    }
}
