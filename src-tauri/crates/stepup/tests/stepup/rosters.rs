//! Who is enrolled: each but the first signed in by one before it, checked whenever the record is read.

use crate::desk::{Desk, NOW, UNTIL, create};
use serde_json::{Value, json};
use stepup::{Binding, CredentialId, Person, Purpose, RelyingParty, Roster, RosterError};
use webauthn_authenticator_rs::softpasskey::SoftPasskey;

/// The record after somebody wrote to it, read again: who stands, and what was said of the others.
fn read(written: Value) -> (usize, Vec<String>) {
    let (roster, refused) = serde_json::from_value::<Roster>(written).unwrap().checked();
    (roster.all().len(), refused.into_iter().map(|refused| refused.why.to_string()).collect())
}

#[test]
fn a_signed_roster_reads_back_whole() {
    let (mut desk, mut ana) = Desk::with_ana();
    let (mut second, mut bob) = (SoftPasskey::new(true), SoftPasskey::new(true));
    desk.enrol("ana", &mut second, &mut ana);
    let id = desk.enrol("bob", &mut bob, &mut ana);
    desk.roster.rename(&id, " Bob's key ").unwrap();
    assert_eq!(desk.roster.any(&id).unwrap().name(), "Bob's key");
    assert_eq!(desk.roster.of("ana").len(), 2);
    assert_eq!(read(serde_json::to_value(&desk.roster).unwrap()), (3, vec![]));
}

#[test]
fn a_second_first_one_is_refused() {
    let (mut desk, _) = Desk::with_ana();
    let mut stranger = SoftPasskey::new(true);
    let candidate = desk.candidate("ana", &mut stranger).unwrap();
    let refused = desk.roster.admit_first(candidate, "Mine").err().unwrap();
    assert!(matches!(refused, RosterError::NeedsSignature));
}

#[test]
fn a_proof_of_something_else_lets_nobody_in() {
    let (mut desk, mut ana) = Desk::with_ana();
    let (mut one, mut two) = (SoftPasskey::new(true), SoftPasskey::new(true));
    let (first, second) =
        (desk.candidate("ana", &mut one).unwrap(), desk.candidate("ana", &mut two).unwrap());
    let for_first = desk.prove("ana", &mut ana, first.binding()).unwrap();
    let refused = desk.roster.admit(second.clone(), "Key", &for_first).err().unwrap();
    assert!(matches!(refused, RosterError::Signature(_)), "{refused}");
    let step_up =
        desk.prove("ana", &mut ana, Binding::new(Purpose::StepUp, second.binding().hash())).unwrap();
    assert!(desk.roster.admit(second, "Key", &step_up).is_err());
    assert!(desk.roster.admit(first, "Key", &for_first).is_ok());
}

#[test]
fn a_credential_written_by_hand_is_refused_and_said() {
    let (desk, _) = Desk::with_ana();
    let (stranger, _) = Desk::with_ana();
    let mut written = serde_json::to_value(&desk.roster).unwrap();
    let mut added = serde_json::to_value(&stranger.roster).unwrap()["credentials"][0].take();
    written["credentials"].as_array_mut().unwrap().push(added.clone());
    let said = vec!["no enrolled passkey signed this one".to_owned()];
    assert_eq!(read(written.clone()), (1, said.clone()));
    // Signed by itself, or by one that is not there, is not signed.
    added["signed"] = json!({
        "version": 1, "purpose": "enrol", "credential": added["id"], "nonce": "AAAA",
        "origin": "http://localhost:1", "assertion": {},
    });
    written["credentials"][1] = added.clone();
    assert_eq!(read(written.clone()), (1, said));
    // Said to be signed by Ana's.
    added["signed"]["credential"] = written["credentials"][0]["id"].clone();
    written["credentials"][1] = added;
    let (count, said) = read(written);
    assert_eq!(count, 1);
    assert!(said[0].starts_with("the signature under this passkey is not valid"), "{said:?}");
}

#[test]
fn a_signed_record_cannot_be_given_to_another_person_or_key() {
    let (mut desk, mut ana) = Desk::with_ana();
    let mut bob = SoftPasskey::new(true);
    desk.enrol("bob", &mut bob, &mut ana);
    let good = serde_json::to_value(&desk.roster).unwrap();
    let (stranger, _) = Desk::with_ana();
    let strangers_key =
        serde_json::to_value(&stranger.roster).unwrap()["credentials"][0]["enrolled"]["cred"]["cred"].clone();
    let mut to_ana = good.clone();
    to_ana["credentials"][1]["person"] = json!("ana");
    assert_eq!(read(to_ana).0, 1);
    let mut other_key = good.clone();
    for record in ["enrolled", "current"] {
        other_key["credentials"][1][record]["cred"]["cred"] = strangers_key.clone();
    }
    assert_eq!(read(other_key).0, 1);
    let mut half = good.clone();
    half["credentials"][1]["current"]["cred"]["cred"] = strangers_key;
    assert_eq!(read(half), (1, vec!["its record contradicts itself".to_owned()]));
    let mut twice = good;
    let again = twice["credentials"][1].clone();
    twice["credentials"].as_array_mut().unwrap().push(again);
    assert_eq!(read(twice).0, 2);
}

#[test]
fn one_that_was_removed_signs_nobody_in_any_more() {
    let (mut desk, mut ana) = Desk::with_ana();
    let mut second = SoftPasskey::new(true);
    desk.enrol("ana", &mut second, &mut ana);
    let first = desk.roster.all()[0].id().clone();
    let mut third = SoftPasskey::new(true);
    let candidate = desk.candidate("ana", &mut third).unwrap();
    let (request, pending) =
        desk.party.start_proof(&desk.roster.of("ana")[..1], candidate.binding(), UNTIL).unwrap();
    let answer = crate::desk::get(&mut ana, desk.party.origin(), request);
    let proof = desk.party.finish_proof(pending, &answer, NOW).unwrap();
    assert!(!desk.roster.is_last(&first));
    desk.roster.remove(&first, NOW).unwrap();
    assert!(matches!(desk.roster.used(&proof, NOW), Err(RosterError::Unknown(_))));
    assert!(matches!(desk.roster.admit(candidate, "Key", &proof), Err(RosterError::NotSigned)));
    // What it signed before still stands.
    assert_eq!(read(serde_json::to_value(&desk.roster).unwrap()), (2, vec![]));
}

#[test]
fn a_record_counts_only_where_its_signer_stood_at_that_time() {
    let (mut desk, mut ana) = Desk::with_ana();
    let mut second = SoftPasskey::new(true);
    desk.enrol("ana", &mut second, &mut ana);
    let written = serde_json::to_value(&desk.roster).unwrap();
    assert_eq!(read(written.clone()).0, 2);
    let mut removed_before = written.clone();
    removed_before["credentials"][0]["removed_at"] = (NOW - 1).into();
    assert_eq!(read(removed_before).0, 1, "its signer was out by then");
    let mut removed_later = written.clone();
    removed_later["credentials"][0]["removed_at"] = (NOW + 1).into();
    assert_eq!(read(removed_later).0, 2);
    let mut of_before_a_reset = written;
    of_before_a_reset["epoch"] = 1.into();
    of_before_a_reset["credentials"][1]["epoch"] = 1.into();
    assert_eq!(read(of_before_a_reset).0, 1, "its signer was of the time before a reset");
}

#[test]
fn after_the_last_one_or_a_reset_the_next_is_a_first_one() {
    let (mut desk, _) = Desk::with_ana();
    let id = desk.roster.all()[0].id().clone();
    assert!(desk.roster.is_last(&id));
    desk.roster.remove(&id, NOW).unwrap();
    let mut second = SoftPasskey::new(true);
    let candidate = desk.candidate("ana", &mut second).unwrap();
    desk.roster.admit_first(candidate, "Second").unwrap();
    desk.roster.reset(NOW);
    assert!(desk.roster.is_empty());
    let mut third = SoftPasskey::new(true);
    let candidate = desk.candidate("ana", &mut third).unwrap();
    desk.roster.admit_first(candidate, "Third").unwrap();
    assert_eq!(read(serde_json::to_value(&desk.roster).unwrap()), (3, vec![]));
}

#[test]
fn names_are_short_and_plain() {
    let (mut desk, _) = Desk::with_ana();
    let id = desk.roster.all()[0].id().clone();
    for name in ["", "  ", "a\u{202e}b", "a\nb", &"x".repeat(61)] {
        assert!(matches!(desk.roster.rename(&id, name), Err(RosterError::Name)), "{name:?}");
    }
    assert!(matches!(desk.roster.rename(&CredentialId::from("zz"), "x"), Err(RosterError::Unknown(_))));
}

#[test]
fn an_authenticator_without_user_verification_cannot_be_enrolled() {
    let party = RelyingParty::on_port(crate::desk::PORT).unwrap();
    let person = Person { id: "ana".into(), name: "Ana".into(), handle: [1; 16] };
    let (request, pending) = party.start_enrolment(&person, &[], UNTIL).unwrap();
    assert_eq!(request["publicKey"]["authenticatorSelection"]["userVerification"], "required");
    let mut weak = request.clone();
    weak["publicKey"]["authenticatorSelection"]["userVerification"] = json!("discouraged");
    let answer = create(&mut SoftPasskey::new(true), party.origin(), weak);
    let error = party.finish_enrolment(pending, &answer, NOW).err().unwrap();
    assert_eq!(error.code(), "not_verified", "{error}");
}

#[test]
fn an_enrolment_has_its_time_its_page_and_one_answer() {
    let party = RelyingParty::on_port(crate::desk::PORT).unwrap();
    let person = Person { id: "ana".into(), name: "Ana".into(), handle: [1; 16] };
    let mut key = SoftPasskey::new(true);
    let (request, pending) = party.start_enrolment(&person, &[], UNTIL).unwrap();
    let answer = create(&mut key, party.origin(), request);
    assert_eq!(party.finish_enrolment(pending, &answer, UNTIL).err().unwrap().code(), "expired");
    let (request, pending) = party.start_enrolment(&person, &[], UNTIL).unwrap();
    let answer = create(&mut key, "http://localhost:1", request);
    assert_eq!(party.finish_enrolment(pending, &answer, NOW).err().unwrap().code(), "other_origin");
    let (request, _) = party.start_enrolment(&person, &[], UNTIL).unwrap();
    let (_, pending) = party.start_enrolment(&person, &[], UNTIL).unwrap();
    let answer = create(&mut key, party.origin(), request);
    assert_eq!(party.finish_enrolment(pending, &answer, NOW).err().unwrap().code(), "other_challenge");
}
