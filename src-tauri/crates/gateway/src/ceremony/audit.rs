//! Reads a journal's entries in their order and tells which proofs hold: by which passkey, for which hold. For
//! `doorward journal verify`, on this machine or another; needs nothing but the entries.
//!
//! A proof holds where its credential is on record and was enrolled before it, that credential's own enrolment is
//! signed, the assertion is over exactly this hold and call, and the journal's head that it names is the entry it says.
//! Of a call that was redacted since, the digest that was signed is known to the passkey alone; the rest is compared.

use super::released::{AuditedRelease, Released, Standing};
use super::statement::SignedStatement;
use approvals::{Basis, Event, ProofMethod, StepUpProof};
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
    /// False where the call was redacted since, so that its digest cannot be compared any more.
    pub is_compared: bool,
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
    holds: BTreeMap<String, Standing>,
    releases: Vec<AuditedRelease>,
}

impl Audit {
    /// For a journal that lost its beginning: passkeys enrolled there are said again further on. Whoever gave the
    /// enrolments before gives everything once more to [`Audit::take`].
    pub fn know(&mut self, entry: AuditedEntry<'_>) {
        if entry.kind == "passkey_enrolled"
            && let Some(body) = entry.body.and_then(|body| serde_json::from_str::<Value>(body).ok())
        {
            self.enrolled(entry.seq, &body);
        }
    }

    pub fn take(&mut self, entry: AuditedEntry<'_>) {
        if let Some(body) = entry.body.and_then(|body| serde_json::from_str::<Value>(body).ok()) {
            match entry.kind {
                "passkey_enrolled" => self.enrolled(entry.seq, &body),
                "hold_opened" => self.opened(&body),
                kind => {
                    self.proofs_in(entry.seq, kind, &body);
                    if kind == "call_released" {
                        self.released(entry.seq, &body);
                    }
                }
            }
        }
        self.hashes.insert(entry.seq, entry.hash.to_owned());
    }

    /// Releases of held calls, in their order.
    #[must_use]
    pub fn releases(&self) -> &[AuditedRelease] {
        &self.releases
    }

    /// Everybody's passkeys whose enrolment is on record.
    #[must_use]
    pub fn passkeys(&self) -> Vec<Credential> {
        self.roster().map(|roster| roster.all().to_vec()).unwrap_or_default()
    }

    fn opened(&mut self, body: &Value) {
        if let Some((hold, standing)) = Standing::of(body) {
            self.holds.insert(hold, standing);
        }
    }

    fn released(&mut self, seq: u64, body: &Value) {
        let Some(released) = Released::of(body) else { return };
        let standing = self.holds.get(&released.hold);
        if let Some(why) = released.why_not(standing, self.proofs_of(&released.hold)) {
            self.forged.push(Forged { seq, why });
        }
        let proofs = self.proofs_of(&released.hold).cloned().collect();
        let tool = standing.map(|standing| standing.tool.clone());
        self.releases.push(AuditedRelease { seq, hold: released.hold, tool, by: released.by, proofs });
    }

    fn proofs_of<'a>(&'a self, hold: &'a str) -> impl Iterator<Item = &'a AuditedProof> {
        self.proven.iter().filter(move |proof| proof.hold == hold)
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
        if self.credentials.contains(credential) {
            return;
        }
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

    /// Proofs stand in votes, in what proves a presence, and in what a release says of both; whatever looks like one
    /// elsewhere is an agent's or an approver's text.
    fn proofs_in(&mut self, seq: u64, kind: &str, body: &Value) {
        let is_redacted = body.get("redacted").is_some();
        let found = match (kind, body.get("basis"), body.get("event")) {
            ("call_released", Some(basis), _) => Basis::deserialize(basis).map(of_basis),
            ("vote_cast" | "presence_proven", _, Some(event)) => Event::deserialize(event).map(of_event),
            _ => return,
        };
        match found {
            Ok(proofs) => proofs.iter().for_each(|proof| match proof {
                // It says by itself that it has nothing to verify.
                StepUpProof { method: ProofMethod::Passphrase, evidence: None, .. } => {}
                proof => self.proof(seq, proof, is_redacted),
            }),
            Err(error) => self.forged.push(Forged { seq, why: error.to_string() }),
        }
    }

    fn proof(&mut self, seq: u64, proof: &StepUpProof, is_redacted: bool) {
        match self.verified(proof, is_redacted) {
            // One proof may stand in several entries of its hold: the vote, the step-up, the release.
            Ok(proven)
                if self.proven.iter().any(|known| known.hold == proven.hold && known.head == proven.head) => {
            }
            Ok(proven) => self.proven.push(AuditedProof { seq, ..proven }),
            Err(why) => self.forged.push(Forged { seq, why }),
        }
    }

    fn verified(&self, proof: &StepUpProof, is_redacted: bool) -> Result<AuditedProof, String> {
        let evidence = proof.evidence.as_deref().ok_or("it has no evidence")?;
        let signed: SignedStatement = serde_json::from_str(evidence).map_err(|error| error.to_string())?;
        let ProofMethod::Passkey { credential } = &proof.method else {
            return Err("a passphrase has no evidence".to_owned());
        };
        let id = CredentialId::from(credential.as_str());
        let credential = self.credential(&id).ok_or("its passkey was never enrolled here")?;
        let shown = signed.verify(&credential).map_err(|error| error.to_string())?;
        let statement = &signed.statement;
        if credential.enrolled_at() > proof.at.0 {
            return Err("its passkey was enrolled only after it".to_owned());
        }
        let is_compared = statement.digest == proof.digest;
        if statement.hold != proof.hold || !(is_compared || is_redacted) || shown.person != proof.by.as_str()
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
            is_compared,
        })
    }
}

fn of_basis(basis: Basis) -> Vec<StepUpProof> {
    match basis {
        Basis::Votes { votes, proof, .. } => {
            votes.into_iter().filter_map(|vote| vote.proof).chain(proof).collect()
        }
        _ => Vec::new(),
    }
}

fn of_event(event: Event) -> Vec<StepUpProof> {
    match event {
        Event::Voted(vote) => vote.proof.into_iter().collect(),
        Event::Proven(proof) => vec![proof],
        _ => Vec::new(),
    }
}
