//! Reads a journal's entries in their order and tells which proofs hold: by which passkey, for which hold. For
//! `doorward journal verify`, on this machine or another; needs nothing but the entries.
//!
//! A proof holds where its credential is on record before it, that credential's own enrolment is signed, the
//! assertion is over exactly this hold and call, and the journal's head that it names is the entry it says.

use super::statement::SignedStatement;
use approvals::{ProofMethod, StepUpProof};
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::BTreeMap;
use stepup::{Credential, CredentialId, Roster};

/// One entry, as a journal or an export has it.
#[derive(Clone, Copy, Debug)]
pub struct AuditedEntry<'a> {
    pub seq: u64,
    pub kind: &'a str,
    /// In hex.
    pub hash: &'a str,
    /// JSON; none where it cannot be read here.
    pub body: Option<&'a str>,
}

/// A proof that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedProof {
    pub seq: u64,
    pub hold: String,
    pub person: String,
    /// Of the passkey.
    pub name: String,
    pub fingerprint: String,
    /// The newest entry that it vouches for.
    pub head: u64,
}

/// One that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forged {
    pub seq: u64,
    pub why: String,
}

/// What was found so far. Feed it every entry in order.
#[derive(Default)]
pub struct Audit {
    hashes: BTreeMap<u64, String>,
    credentials: Vec<Value>,
    proven: Vec<AuditedProof>,
    forged: Vec<Forged>,
}

impl Audit {
    pub fn take(&mut self, entry: AuditedEntry<'_>) {
        if let Some(body) = entry.body.and_then(|body| serde_json::from_str::<Value>(body).ok()) {
            if entry.kind == "passkey_enrolled" {
                self.enrolled(entry.seq, &body);
            } else {
                self.proofs_in(entry.seq, &body);
            }
        }
        self.hashes.insert(entry.seq, entry.hash.to_owned());
    }

    /// Proofs that hold, in their order.
    #[must_use]
    pub fn proven(&self) -> &[AuditedProof] {
        &self.proven
    }

    /// Proofs and enrolments that do not.
    #[must_use]
    pub fn forged(&self) -> &[Forged] {
        &self.forged
    }

    /// Entries after this one are vouched for by no passkey.
    #[must_use]
    pub fn last_anchor(&self) -> Option<u64> {
        self.proven.iter().map(|proof| proof.head).max()
    }

    fn enrolled(&mut self, seq: u64, body: &Value) {
        let Some(credential) = body.get("credential") else {
            return self.forged.push(Forged { seq, why: "it enrols nothing".to_owned() });
        };
        self.credentials.push(credential.clone());
        let roster = self.roster();
        let refused = roster.map_or_else(
            || Some("the passkey's record cannot be read".to_owned()),
            |roster| roster.checked().1.first().map(|refused| refused.why.to_string()),
        );
        if let Some(why) = refused {
            self.credentials.pop();
            self.forged.push(Forged { seq, why });
        }
    }

    fn roster(&self) -> Option<Roster> {
        let newest = self.credentials.iter().filter_map(|one| one.get("epoch")?.as_u64()).max().unwrap_or(0);
        Roster::deserialize(serde_json::json!({ "epoch": newest, "credentials": self.credentials })).ok()
    }

    fn credential(&self, id: &CredentialId) -> Option<Credential> {
        self.roster()?.any(id).cloned()
    }

    fn proofs_in(&mut self, seq: u64, value: &Value) {
        match value {
            Value::Object(map) if map.contains_key("evidence") && map.contains_key("method") => {
                match StepUpProof::deserialize(value) {
                    Ok(proof) => self.proof(seq, &proof),
                    Err(error) => self.forged.push(Forged { seq, why: error.to_string() }),
                }
            }
            Value::Object(map) => map.values().for_each(|inner| self.proofs_in(seq, inner)),
            Value::Array(list) => list.iter().for_each(|inner| self.proofs_in(seq, inner)),
            _ => {}
        }
    }

    fn proof(&mut self, seq: u64, proof: &StepUpProof) {
        match self.verified(proof) {
            // One proof may stand in several entries of its hold: the vote, the step-up, the release.
            Ok(proven)
                if self.proven.iter().any(|known| known.hold == proven.hold && known.head == proven.head) => {
            }
            Ok(proven) => self.proven.push(AuditedProof { seq, ..proven }),
            Err(why) => self.forged.push(Forged { seq, why }),
        }
    }

    fn verified(&self, proof: &StepUpProof) -> Result<AuditedProof, String> {
        let evidence = proof.evidence.as_deref().ok_or("it has no evidence")?;
        let signed: SignedStatement = serde_json::from_str(evidence).map_err(|error| error.to_string())?;
        let ProofMethod::Passkey { credential } = &proof.method else {
            return Err("a passphrase has no evidence".to_owned());
        };
        let id = CredentialId::from(credential.as_str());
        let credential = self.credential(&id).ok_or("its passkey was never enrolled here")?;
        let shown = signed.verify(&credential).map_err(|error| error.to_string())?;
        let statement = &signed.statement;
        if statement.hold != proof.hold
            || statement.digest != proof.digest
            || shown.person != proof.by.as_str()
        {
            return Err("it was signed for another hold, call or person".to_owned());
        }
        // An entry that was removed by age cannot be compared any more.
        if self.hashes.get(&statement.head).is_some_and(|hash| *hash != statement.head_hash) {
            return Err(format!("it vouches for another entry {} than this journal has", statement.head));
        }
        Ok(AuditedProof {
            seq: 0,
            hold: proof.hold.to_string(),
            person: shown.person,
            name: shown.name,
            fingerprint: shown.fingerprint,
            head: statement.head,
        })
    }
}
