//! An assertion as it is kept, and its verification by anybody, at any time, without this desk.
//!
//! What it proves: the holder of this credential, checked by the authenticator, agreed to exactly this binding on a
//! page of this machine. What it does not: when. The journal's chain around it does that.

use crate::challenge::with_challenge;
use crate::party::webauthn_at;
use crate::{Binding, Credential, CredentialId, ProofError, Purpose};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{PublicKeyCredential, Url};

/// What verifies one assertion later. Its JSON form is the layout kept in the journal and beside signed sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub(crate) version: u32,
    pub(crate) purpose: Purpose,
    pub(crate) credential: CredentialId,
    /// 32 bytes in base64url.
    pub(crate) nonce: String,
    /// `http://localhost:PORT`, the ceremony's own.
    pub(crate) origin: String,
    /// As the browser sent it.
    pub(crate) assertion: serde_json::Value,
}

/// The layout written by this version.
pub(crate) const VERSION: u32 = 1;

/// What a stored assertion shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProof {
    pub credential: CredentialId,
    pub person: String,
    pub name: String,
    pub fingerprint: String,
}

impl Evidence {
    /// Which credential it says it is by; [`verify_stored`] shows whether it is.
    #[must_use]
    pub fn credential(&self) -> &CredentialId {
        &self.credential
    }

    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// # Errors
    /// It is not the evidence of an assertion.
    pub fn from_json(json: &serde_json::Value) -> Result<Evidence, ProofError> {
        Evidence::deserialize(json).map_err(|error| ProofError::Unreadable(error.to_string()))
    }

    /// # Errors
    /// Never for evidence that was made by a ceremony.
    pub fn to_json(&self) -> Result<serde_json::Value, ProofError> {
        serde_json::to_value(self).map_err(|_| ProofError::State)
    }
}

/// Verifies a kept assertion: that `credential` signed exactly `binding`, with user verification. Needs nothing else:
/// no network, no clock, no state. The counter may have gone on since, so only the enrolled one is compared.
///
/// # Errors
/// It does not; the error says which part is wrong.
pub fn verify_stored(
    evidence: &Evidence,
    binding: &Binding,
    credential: &Credential,
) -> Result<StoredProof, ProofError> {
    if evidence.version != VERSION {
        return Err(ProofError::Unreadable(format!("version {} is not known here", evidence.version)));
    }
    if evidence.purpose != binding.purpose() {
        return Err(ProofError::OtherChallenge);
    }
    if evidence.credential != credential.id || !credential.agrees_with_itself() {
        return Err(ProofError::OtherCredential);
    }
    let nonce = URL_SAFE_NO_PAD.decode(&evidence.nonce).ok().and_then(|bytes| bytes.try_into().ok());
    let nonce: [u8; 32] = nonce.ok_or_else(|| ProofError::Unreadable("a nonce has 32 bytes".to_owned()))?;
    let assertion: PublicKeyCredential = PublicKeyCredential::deserialize(&evidence.assertion)
        .map_err(|error| ProofError::Unreadable(error.to_string()))?;
    let webauthn = webauthn_at(own_port(&evidence.origin)?)?;
    let (request, state) =
        webauthn.start_passkey_authentication(std::slice::from_ref(&credential.enrolled))?;
    let (_, state) = with_challenge(request, &state, binding.challenge(&nonce))?;
    let result = webauthn.finish_passkey_authentication(&assertion, &state)?;
    if !result.user_verified() {
        return Err(ProofError::NotVerified);
    }
    Ok(StoredProof {
        credential: credential.id.clone(),
        person: credential.person.clone(),
        name: credential.name.clone(),
        fingerprint: credential.fingerprint(),
    })
}

/// The port of an origin that a ceremony of ours can have had.
fn own_port(origin: &str) -> Result<u16, ProofError> {
    let url = Url::parse(origin).map_err(|_| ProofError::OtherOrigin)?;
    let port = url.port().filter(|port| origin == format!("http://localhost:{port}"));
    port.ok_or(ProofError::OtherOrigin)
}
