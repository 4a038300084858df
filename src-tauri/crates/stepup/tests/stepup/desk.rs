//! A desk with people and authenticators in software, for the tests of this crate.

use serde_json::Value;
use stepup::{Binding, Candidate, Credential, CredentialId, Person, Proof, ProofError, RelyingParty, Roster};
use webauthn_authenticator_rs::{WebauthnAuthenticator, softpasskey::SoftPasskey};
use webauthn_rs::prelude::Url;

pub(crate) const PORT: u16 = 41_234;
pub(crate) const NOW: i64 = 1_800_000_000_000;
pub(crate) const UNTIL: i64 = NOW + 120_000;

/// What a browser does with a request on a page of `origin`, with one authenticator.
pub(crate) fn create(key: &mut SoftPasskey, origin: &str, request: Value) -> Value {
    let request = serde_json::from_value(request).unwrap();
    let made = key.do_registration(Url::parse(origin).unwrap(), request).unwrap();
    serde_json::to_value(made).unwrap()
}

pub(crate) fn get(key: &mut SoftPasskey, origin: &str, request: Value) -> Value {
    let request = serde_json::from_value(request).unwrap();
    let made = key.do_authentication(Url::parse(origin).unwrap(), request).unwrap();
    serde_json::to_value(made).unwrap()
}

pub(crate) struct Desk {
    pub(crate) party: RelyingParty,
    pub(crate) roster: Roster,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk { party: RelyingParty::on_port(PORT).unwrap(), roster: Roster::default() }
    }

    /// With Ana's first passkey.
    pub(crate) fn with_ana() -> (Desk, SoftPasskey) {
        let mut desk = Desk::new();
        let mut key = SoftPasskey::new(true);
        let candidate = desk.candidate("ana", &mut key).unwrap();
        desk.roster.admit_first(candidate, "Laptop").unwrap();
        (desk, key)
    }

    pub(crate) fn candidate(&self, person: &str, key: &mut SoftPasskey) -> Result<Candidate, ProofError> {
        let person = Person { id: person.to_owned(), name: person.to_owned(), handle: [9; 16] };
        let enrolled: Vec<&Credential> = self.roster.live().collect();
        let (request, pending) = self.party.start_enrolment(&person, &enrolled, UNTIL)?;
        let answer = create(key, self.party.origin(), request);
        self.party.finish_enrolment(pending, &answer, NOW)
    }

    pub(crate) fn prove(
        &self,
        person: &str,
        key: &mut SoftPasskey,
        binding: Binding,
    ) -> Result<Proof, ProofError> {
        let (request, pending) = self.party.start_proof(&self.roster.of(person), binding, UNTIL)?;
        let answer = get(key, self.party.origin(), request);
        self.party.finish_proof(pending, &answer, NOW)
    }

    /// Enrols one more, signed by Ana's.
    pub(crate) fn enrol(
        &mut self,
        person: &str,
        key: &mut SoftPasskey,
        ana: &mut SoftPasskey,
    ) -> CredentialId {
        let candidate = self.candidate(person, key).unwrap();
        let proof = self.prove("ana", ana, candidate.binding()).unwrap();
        self.roster.used(&proof, NOW).unwrap();
        self.roster.admit(candidate, "Key", &proof).unwrap().id().clone()
    }
}
