//! The relying party of one ceremony: asks a browser for an assertion or a new passkey, and takes the answer once.
//!
//! Each ceremony has its own port and so its own origin; an answer given on any other page of this machine is refused.
//! Pending states are consumed by their answer, right or wrong, and stay in this process.

use crate::challenge::with_challenge;
use crate::evidence::{Evidence, VERSION};
use crate::{Binding, Candidate, Credential, CredentialId, ProofError};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize as _;
use serde_json::Value;
use std::time::Duration;
use webauthn_rs::prelude::{
    AuthenticationResult, Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder,
};

/// What passkeys of this desk are bound to. Another id would make every enrolled one worthless.
const RP_ID: &str = "localhost";
const RP_NAME: &str = "Doorward";
/// How long a browser waits for its authenticator; the ceremony itself ends before.
const BROWSER_WAITS: Duration = Duration::from_secs(120);

/// See the module.
#[derive(Debug)]
pub struct RelyingParty {
    webauthn: Webauthn,
    origin: String,
}

/// Who enrols a passkey, as their authenticator will show it.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub name: String,
    /// 16 bytes that stay the same for this person at this desk, and tell nothing about them.
    pub handle: [u8; 16],
}

/// A question to a browser that waits for its one answer.
#[derive(Debug)]
pub struct PendingProof {
    state: PasskeyAuthentication,
    asked: Vec<(CredentialId, String)>,
    binding: Binding,
    nonce: [u8; 32],
    expires_at: i64,
}

/// A new passkey that a browser was asked to make.
#[derive(Debug)]
pub struct PendingEnrolment {
    state: PasskeyRegistration,
    person: String,
    taken: Vec<CredentialId>,
    expires_at: i64,
}

/// A person's presence, proven for one binding.
#[derive(Clone, Debug)]
#[must_use = "a proof that is dropped proves nothing to anybody"]
pub struct Proof {
    credential: CredentialId,
    person: String,
    binding: Binding,
    evidence: Evidence,
    result: AuthenticationResult,
}

impl Proof {
    #[must_use]
    pub fn credential(&self) -> &CredentialId {
        &self.credential
    }

    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    #[must_use]
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Keeps the counter of this use in the passkey it was made with.
    pub(crate) fn update(&self, passkey: &mut Passkey) {
        let _ = passkey.update_credential(&self.result);
    }
}

impl RelyingParty {
    /// For the one origin `http://localhost:PORT`.
    ///
    /// # Errors
    /// [`ProofError::State`], which no port causes.
    pub fn on_port(port: u16) -> Result<RelyingParty, ProofError> {
        Ok(RelyingParty { webauthn: webauthn_at(port)?, origin: origin(port) })
    }

    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Asks for an assertion by one of `credentials` over `binding`. Returns the argument of
    /// `navigator.credentials.get`, with bytes in base64url.
    ///
    /// # Errors
    /// There is no credential to ask for.
    pub fn start_proof(
        &self,
        credentials: &[&Credential],
        binding: Binding,
        expires_at: i64,
    ) -> Result<(Value, PendingProof), ProofError> {
        let live: Vec<&&Credential> =
            credentials.iter().filter(|credential| credential.removed_at.is_none()).collect();
        if live.is_empty() {
            return Err(ProofError::NoCredential);
        }
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(ProofError::NoRandomness)?;
        let passkeys: Vec<Passkey> = live.iter().map(|credential| credential.current.clone()).collect();
        let (request, state) = self.webauthn.start_passkey_authentication(&passkeys)?;
        let (request, state) = with_challenge(request, &state, binding.challenge(&nonce))?;
        let asked =
            live.iter().map(|credential| (credential.id.clone(), credential.person.clone())).collect();
        let request = serde_json::to_value(&request).map_err(|_| ProofError::State)?;
        Ok((request, PendingProof { state, asked, binding, nonce, expires_at }))
    }

    /// Takes the browser's answer to a question of this ceremony. The question is spent either way.
    ///
    /// # Errors
    /// It proves nothing; the error says why.
    pub fn finish_proof(&self, pending: PendingProof, answer: &Value, now: i64) -> Result<Proof, ProofError> {
        if now >= pending.expires_at {
            return Err(ProofError::Expired);
        }
        let assertion = PublicKeyCredential::deserialize(answer)
            .map_err(|error| ProofError::Unreadable(error.to_string()))?;
        let result = self.webauthn.finish_passkey_authentication(&assertion, &pending.state)?;
        if !result.user_verified() {
            return Err(ProofError::NotVerified);
        }
        let used = CredentialId(URL_SAFE_NO_PAD.encode(result.cred_id()));
        let (credential, person) =
            pending.asked.into_iter().find(|(id, _)| *id == used).ok_or(ProofError::OtherCredential)?;
        let evidence = Evidence {
            version: VERSION,
            purpose: pending.binding.purpose(),
            credential: credential.clone(),
            nonce: URL_SAFE_NO_PAD.encode(pending.nonce),
            origin: self.origin.clone(),
            assertion: serde_json::to_value(&assertion).map_err(|_| ProofError::State)?,
        };
        Ok(Proof { credential, person, binding: pending.binding, evidence, result })
    }

    /// Asks for a new passkey of `person`; authenticators that hold one of `enrolled` are told not to make another.
    /// Returns the argument of `navigator.credentials.create`, with bytes in base64url.
    ///
    /// # Errors
    /// The library refuses the person's name.
    pub fn start_enrolment(
        &self,
        person: &Person,
        enrolled: &[&Credential],
        expires_at: i64,
    ) -> Result<(Value, PendingEnrolment), ProofError> {
        let known = enrolled.iter().map(|credential| credential.enrolled.cred_id().clone()).collect();
        let (request, state) = self.webauthn.start_passkey_registration(
            Uuid::from_bytes(person.handle),
            &person.id,
            &person.name,
            Some(known),
        )?;
        let request = serde_json::to_value(&request).map_err(|_| ProofError::State)?;
        let taken = enrolled.iter().map(|credential| credential.id.clone()).collect();
        Ok((request, PendingEnrolment { state, person: person.id.clone(), taken, expires_at }))
    }

    /// Takes the new passkey. It counts only once the [`Roster`](crate::Roster) admitted it.
    ///
    /// # Errors
    /// It is no passkey that can be used here.
    pub fn finish_enrolment(
        &self,
        pending: PendingEnrolment,
        answer: &Value,
        now: i64,
    ) -> Result<Candidate, ProofError> {
        if now >= pending.expires_at {
            return Err(ProofError::Expired);
        }
        let made = RegisterPublicKeyCredential::deserialize(answer)
            .map_err(|error| ProofError::Unreadable(error.to_string()))?;
        let passkey = self.webauthn.finish_passkey_registration(&made, &pending.state)?;
        if pending.taken.contains(&CredentialId::of(&passkey)) {
            return Err(ProofError::AlreadyEnrolled);
        }
        Ok(Candidate { passkey, person: pending.person, at: now })
    }
}

fn origin(port: u16) -> String {
    format!("http://{RP_ID}:{port}")
}

/// Accepts one origin: no other port, no subdomain.
pub(crate) fn webauthn_at(port: u16) -> Result<Webauthn, ProofError> {
    let origin = Url::parse(&origin(port)).map_err(|_| ProofError::State)?;
    let builder = WebauthnBuilder::new(RP_ID, &origin).map_err(|_| ProofError::State)?;
    builder.rp_name(RP_NAME).timeout(BROWSER_WAITS).build().map_err(|_| ProofError::State)
}
