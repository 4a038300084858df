//! One enrolled passkey: whose it is, what it is called, and the signature that let it in.

use crate::{Binding, Evidence, Purpose};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use webauthn_rs::prelude::{COSEKeyType, Passkey};

/// The authenticator's own name for a credential, in base64url.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CredentialId(pub(crate) String);

impl CredentialId {
    pub(crate) fn of(passkey: &Passkey) -> CredentialId {
        CredentialId(URL_SAFE_NO_PAD.encode(passkey.cred_id()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for CredentialId {
    fn from(text: &str) -> CredentialId {
        CredentialId(text.to_owned())
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An enrolled passkey. Only the [`Roster`](crate::Roster) makes one; anybody may read one that was recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    pub(crate) id: CredentialId,
    pub(crate) name: String,
    /// The id of a person in `people.toml`.
    pub(crate) person: String,
    pub(crate) enrolled_at: i64,
    pub(crate) last_used_at: Option<i64>,
    /// Removed ones stay on record: what they signed can still be checked.
    pub(crate) removed_at: Option<i64>,
    /// Counts resets; each begins with one credential that nothing signed.
    #[serde(default)]
    pub(crate) epoch: u32,
    /// As it was enrolled: old assertions are checked against this one.
    pub(crate) enrolled: Passkey,
    /// With the counter of its last use.
    pub(crate) current: Passkey,
    /// None for the first of an epoch.
    pub(crate) signed: Option<Evidence>,
}

impl Credential {
    #[must_use]
    pub fn id(&self) -> &CredentialId {
        &self.id
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    #[must_use]
    pub fn enrolled_at(&self) -> i64 {
        self.enrolled_at
    }

    #[must_use]
    pub fn last_used_at(&self) -> Option<i64> {
        self.last_used_at
    }

    #[must_use]
    pub fn removed_at(&self) -> Option<i64> {
        self.removed_at
    }

    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Who signed it in; none for the first.
    #[must_use]
    pub fn signed_by(&self) -> Option<&CredentialId> {
        self.signed.as_ref().map(Evidence::credential)
    }

    /// 64 bits of the public key's hash, in groups, to compare by eye.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::digest(public_key(&self.enrolled));
        let groups = hash.chunks(2).take(4);
        groups
            .map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect())
            .collect::<Vec<String>>()
            .join(" ")
    }

    /// What an existing credential signs to let this one in.
    pub(crate) fn binding(&self) -> Binding {
        enrolment(&self.enrolled, &self.person, self.enrolled_at)
    }

    /// Its two records are of one key, under its id.
    pub(crate) fn agrees_with_itself(&self) -> bool {
        self.id == CredentialId::of(&self.enrolled)
            && self.enrolled.cred_id() == self.current.cred_id()
            && public_key(&self.enrolled) == public_key(&self.current)
    }
}

/// A passkey that an authenticator just made, and that nothing has let in yet.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub(crate) passkey: Passkey,
    pub(crate) person: String,
    pub(crate) at: i64,
}

impl Candidate {
    #[must_use]
    pub fn id(&self) -> CredentialId {
        CredentialId::of(&self.passkey)
    }

    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    /// What an existing credential has to sign.
    #[must_use]
    pub fn binding(&self) -> Binding {
        enrolment(&self.passkey, &self.person, self.at)
    }
}

fn enrolment(passkey: &Passkey, person: &str, at: i64) -> Binding {
    let key = public_key(passkey);
    Binding::of_parts(Purpose::Enrol, &[passkey.cred_id(), &key, person.as_bytes(), &at.to_be_bytes()])
}

/// The key's numbers with its kind, in an order that no version of a library changes.
fn public_key(passkey: &Passkey) -> Vec<u8> {
    let (kind, parts): (&str, [&[u8]; 2]) = match &passkey.get_public_key().key {
        COSEKeyType::EC_EC2(key) => ("ec2", [&key.x, &key.y]),
        COSEKeyType::EC_OKP(key) => ("okp", [&key.x, &[]]),
        COSEKeyType::RSA(key) => ("rsa", [&key.n, &key.e]),
    };
    let mut bytes = kind.as_bytes().to_vec();
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    bytes
}
