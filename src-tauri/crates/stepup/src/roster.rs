//! The enrolled credentials. Every one but the first was signed in by one that stood before it, and is checked again
//! whenever the roster is read: a record that somebody wrote is refused and said.

use crate::{Candidate, Credential, CredentialId, Proof, ProofError, RosterError, verify_stored};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The longest name a passkey may have.
const LONGEST_NAME: usize = 60;

/// See the module. Its JSON form is what is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Roster {
    epoch: u32,
    credentials: Vec<Credential>,
}

/// A record that was left out, and why.
#[derive(Debug)]
pub struct Refused {
    pub id: CredentialId,
    pub name: String,
    pub why: RosterError,
}

impl Roster {
    /// The records that hold, and those that do not. An unsigned one counts only as the first of its epoch.
    #[must_use]
    pub fn checked(self) -> (Roster, Vec<Refused>) {
        let mut good = Roster { epoch: self.epoch, credentials: Vec::new() };
        let mut refused = Vec::new();
        for credential in self.credentials {
            match good.why_not(&credential) {
                None => good.credentials.push(credential),
                Some(why) => {
                    refused.push(Refused { id: credential.id.clone(), name: credential.name.clone(), why })
                }
            }
        }
        (good, refused)
    }

    /// Why a record cannot stand after the ones that do.
    fn why_not(&self, credential: &Credential) -> Option<RosterError> {
        if !credential.agrees_with_itself() || credential.epoch > self.epoch {
            return Some(RosterError::Contradiction);
        }
        if self.any(&credential.id).is_some() {
            return Some(RosterError::AlreadyEnrolled);
        }
        let Some(signed) = &credential.signed else {
            let is_first = self.credentials.iter().all(|other| other.epoch < credential.epoch);
            return (!is_first).then_some(RosterError::NotSigned);
        };
        let signer = self.any(signed.credential()).filter(|signer| {
            let stood = signer.removed_at.is_none_or(|removed| removed >= credential.enrolled_at);
            signer.epoch == credential.epoch && stood
        });
        let Some(signer) = signer else { return Some(RosterError::NotSigned) };
        verify_stored(signed, &credential.binding(), signer).err().map(RosterError::Signature)
    }

    /// Those that can be used, in the order of their enrolment.
    pub fn live(&self) -> impl Iterator<Item = &Credential> {
        self.credentials.iter().filter(|credential| credential.removed_at.is_none())
    }

    /// One person's that can be used.
    #[must_use]
    pub fn of(&self, person: &str) -> Vec<&Credential> {
        self.live().filter(|credential| credential.person == person).collect()
    }

    /// Every one there ever was: what removed ones signed is still checked against them.
    #[must_use]
    pub fn all(&self) -> &[Credential] {
        &self.credentials
    }

    /// Live or removed.
    #[must_use]
    pub fn any(&self, id: &CredentialId) -> Option<&Credential> {
        self.credentials.iter().find(|credential| credential.id == *id)
    }

    /// Nobody has enrolled a passkey, or all were removed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live().next().is_none()
    }

    /// How often everything began anew.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The first credential of all, or of the time since a reset. Nothing can sign it.
    ///
    /// # Errors
    /// There was one before, or the name cannot be read well.
    pub fn admit_first(&mut self, candidate: Candidate, name: &str) -> Result<&Credential, RosterError> {
        if self.credentials.iter().any(|credential| credential.epoch == self.epoch) {
            return Err(RosterError::NeedsSignature);
        }
        self.admit_checked(candidate, name, None)
    }

    /// One more, signed by the proof of an existing one over [`Candidate::binding`].
    ///
    /// # Errors
    /// The proof is for something else, or by a credential that does not stand; or the name cannot be read well.
    pub fn admit(
        &mut self,
        candidate: Candidate,
        name: &str,
        proof: &Proof,
    ) -> Result<&Credential, RosterError> {
        self.admit_checked(candidate, name, Some(proof))
    }

    fn admit_checked(
        &mut self,
        candidate: Candidate,
        name: &str,
        proof: Option<&Proof>,
    ) -> Result<&Credential, RosterError> {
        let signed = match proof {
            Some(proof) if self.live().any(|signer| signer.id == *proof.credential()) => {
                Some(proof.evidence().clone())
            }
            Some(_) => return Err(RosterError::NotSigned),
            None => None,
        };
        let credential = Credential {
            id: candidate.id(),
            name: good_name(name)?,
            person: candidate.person,
            enrolled_at: candidate.at,
            last_used_at: None,
            removed_at: None,
            epoch: self.epoch,
            enrolled: candidate.passkey.clone(),
            current: candidate.passkey,
            signed,
        };
        if let Some(why) = self.why_not(&credential) {
            return Err(why);
        }
        self.credentials.push(credential);
        self.credentials.last().ok_or(RosterError::Contradiction)
    }

    /// Keeps that a credential was used, with its counter.
    ///
    /// # Errors
    /// It does not stand any more: then the proof counts for nothing.
    pub fn used(&mut self, proof: &Proof, now: i64) -> Result<&Credential, RosterError> {
        let credential = self.live_mut(proof.credential())?;
        proof.update(&mut credential.current);
        credential.last_used_at = Some(now);
        Ok(credential)
    }

    /// # Errors
    /// There is none of that id, or the name cannot be read well.
    pub fn rename(&mut self, id: &CredentialId, name: &str) -> Result<&Credential, RosterError> {
        let name = good_name(name)?;
        let credential = self.live_mut(id)?;
        credential.name = name;
        Ok(credential)
    }

    /// SHA-256 over who is in and who was put out: everything but names and what changes with each use. Kept
    /// elsewhere as well, it shows that an older record was put in this one's place.
    #[must_use]
    pub fn membership(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.epoch.to_be_bytes());
        for credential in &self.credentials {
            hasher.update(credential.binding().hash());
            hasher.update(credential.epoch.to_be_bytes());
            hasher.update(credential.removed_at.unwrap_or(i64::MIN).to_be_bytes());
        }
        hasher.finalize().into()
    }

    /// Whether it is the only one that can be used.
    #[must_use]
    pub fn is_last(&self, id: &CredentialId) -> bool {
        self.live().all(|credential| credential.id == *id)
    }

    /// It signs nothing from now on. Whether that needs a proof is for the caller to say ([`Roster::is_last`]): after
    /// the last one, anybody's next is a first one again.
    ///
    /// # Errors
    /// There is none of that id.
    pub fn remove(&mut self, id: &CredentialId, now: i64) -> Result<(), RosterError> {
        self.live_mut(id)?.removed_at = Some(now);
        if self.is_empty() {
            self.epoch = self.epoch.saturating_add(1);
        }
        Ok(())
    }

    /// Everything enrolled so far ends; the next one is a first one again. For a lost passkey, after its delay.
    pub fn reset(&mut self, now: i64) {
        for credential in self.credentials.iter_mut().filter(|credential| credential.removed_at.is_none()) {
            credential.removed_at = Some(now);
        }
        self.epoch = self.epoch.saturating_add(1);
    }

    fn live_mut(&mut self, id: &CredentialId) -> Result<&mut Credential, RosterError> {
        let mut live = self.credentials.iter_mut().filter(|credential| credential.removed_at.is_none());
        live.find(|credential| credential.id == *id).ok_or_else(|| RosterError::Unknown(id.clone()))
    }
}

impl From<ProofError> for RosterError {
    fn from(error: ProofError) -> RosterError {
        RosterError::Signature(error)
    }
}

/// Whether a passkey may be called that: short, and nothing in it hides.
#[must_use]
pub fn is_good_name(name: &str) -> bool {
    good_name(name).is_ok()
}

fn good_name(name: &str) -> Result<String, RosterError> {
    let name = name.trim();
    let length = name.chars().count();
    let is_plain = name.chars().all(|c| c == ' ' || !(c.is_control() || c.is_whitespace() || is_hidden(c)));
    if length == 0 || length > LONGEST_NAME || !is_plain {
        return Err(RosterError::Name);
    }
    Ok(name.to_owned())
}

/// Zero width, or turns the direction of what follows.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
