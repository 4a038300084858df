//! Reads a journal's entries in their order and tells which proofs hold: by which passkey, for which hold. For
//! `doorward journal verify`, on this machine or another; needs nothing but the entries.
//!
//! A proof holds where its credential is on record, enrolled before it and not removed by then, that credential's own
//! enrolment is signed, the assertion is over exactly this hold and call, and the journal's head that it names is the
//! entry it says. A release holds where its hold, lived again, lets it go (`standing`). Of a call that was redacted
//! since, the digest that was signed is known to the passkey alone; the rest is compared.

use super::released::{Allowed, AuditedRelease, Released};
use super::standing::{Happened, Standing};
use super::statement::SignedStatement;
use approvals::{Basis, Event, ProofId, ProofMethod, ProofWindow, StepUpProof};
use policy::Timestamp;
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use stepup::{Credential, CredentialId, Roster};

/// One entry, as a journal or an export has it.
#[derive(Clone, Copy, Debug)]
pub struct AuditedEntry<'a> {
    pub seq: u64,
    pub at: Timestamp,
    pub kind: &'a str,
    /// The hold it is about.
    pub hold: Option<&'a str>,
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
    /// Passkeys whose enrolment was read, to know whom a reset takes out.
    live: BTreeSet<String>,
    /// By passkey, the entry that took it out, and when.
    removed: BTreeMap<String, (u64, Timestamp)>,
    /// The times in which a proof counts for other calls, each with its hold.
    windows: BTreeMap<ProofId, (ProofWindow, String)>,
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
        self.hashes.insert(entry.seq, entry.hash.to_owned());
        let Some(body) = entry.body else {
            if let Some(standing) = entry.hold.and_then(|hold| self.holds.get_mut(hold)) {
                standing.lose();
            }
            return;
        };
        match entry.kind {
            "passkey_enrolled" => {
                if let Ok(body) = serde_json::from_str(body) {
                    self.enrolled(entry.seq, &body);
                    self.live.extend(text_at(&body, "/credential/id"));
                }
            }
            "passkey_removed" => {
                let body: Option<Value> = serde_json::from_str(body).ok();
                let id = body.and_then(|body| text_at(&body, "/credential"));
                self.removed.extend(id.map(|id| (id, (entry.seq, entry.at))));
            }
            "passkey_reset_done" => {
                let all = std::mem::take(&mut self.live);
                self.removed.extend(all.into_iter().map(|id| (id, (entry.seq, entry.at))));
            }
            "hold_opened" => self.holds.extend(Standing::of(body)),
            "call_released" => self.released(entry, body),
            kind => match Happened::of(kind, body) {
                Some(Ok(happened)) => self.happened(entry, happened),
                Some(Err(error)) => self.forged.push(Forged { seq: entry.seq, why: error.to_string() }),
                None => {}
            },
        }
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

    /// The entry that took it out.
    #[must_use]
    pub fn removed_in(&self, passkey: &CredentialId) -> Option<u64> {
        self.removed.get(passkey.as_str()).map(|(seq, _)| *seq)
    }

    fn happened(&mut self, entry: AuditedEntry<'_>, happened: Happened) {
        for proof in of_event(&happened.event) {
            self.proof(entry.seq, &proof, happened.is_redacted());
        }
        let Some(hold) = entry.hold else { return };
        let Some(standing) = self.holds.get_mut(hold) else { return };
        standing.happen(happened);
        let opened = standing.window().map(|window| (window.proof.clone(), (window, hold.to_owned())));
        self.windows.extend(opened);
    }

    fn released(&mut self, entry: AuditedEntry<'_>, body: &str) {
        let seq = entry.seq;
        let Some(released) = Released::of(body) else { return };
        for proof in released.proofs() {
            self.proof(seq, &proof, released.is_redacted());
        }
        let why = match &released.basis {
            Basis::Votes { hold, .. } => {
                let hold = hold.to_string();
                let proofs: Vec<AuditedProof> = self.proofs_of(&hold).cloned().collect();
                let standing = self.holds.get_mut(&hold);
                let tool = standing.as_ref().map(|standing| standing.tool.clone());
                let why = released.why_not_by_votes(standing, &proofs);
                let (by, passphrase) = (released.by(), released.passphrase());
                let is_within_window = false;
                let release = AuditedRelease { seq, hold, tool, by, proofs, passphrase, is_within_window };
                self.releases.push(release);
                why
            }
            Basis::Window { proof } => {
                let window = self.windows.get(proof);
                let why = released.why_not_by_itself(window.map(|(window, _)| window));
                // Where the beginning is gone, so may be the proof.
                let is_all_here = self.hashes.contains_key(&1);
                let lost = (window.is_none() && is_all_here)
                    .then_some("the earlier proof that it names is not on record");
                if let Some((window, hold)) = window {
                    let passphrase = matches!(window.method, ProofMethod::Passphrase);
                    self.releases.push(AuditedRelease {
                        seq,
                        hold: hold.clone(),
                        tool: released.allowed.as_ref().map(|Allowed { call, .. }| call.qualified_tool()),
                        by: Vec::new(),
                        proofs: self.proofs_of(hold).cloned().collect(),
                        passphrase: passphrase.then(|| window.user.to_string()),
                        is_within_window: true,
                    });
                }
                why.or(lost)
            }
            Basis::Policy { .. } | Basis::Grant { .. } | Basis::Continued { .. } => {
                let of_hold = entry.hold.map(|_| "its hold is not what let it go");
                of_hold.or_else(|| released.why_not_by_itself(None))
            }
        };
        self.forged.extend(why.map(|why| Forged { seq, why: why.to_owned() }));
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
    fn proof(&mut self, seq: u64, proof: &StepUpProof, is_redacted: bool) {
        if matches!(proof.method, ProofMethod::Passphrase) && proof.evidence.is_none() {
            // It says by itself that it has nothing to verify.
            return;
        }
        match self.verified(proof, is_redacted) {
            // One proof may stand in several entries of its hold: the vote, the step-up, the release.
            Ok(proven)
                if self.proven.iter().any(|known| known.hold == proven.hold && known.head == proven.head) => {
            }
            Ok(proven) if self.is_of_removed(proof, &proven) => {
                let why = "its passkey had been removed".to_owned();
                self.forged.push(Forged { seq, why });
            }
            Ok(proven) => self.proven.push(AuditedProof { seq, ..proven }),
            Err(why) => self.forged.push(Forged { seq, why }),
        }
    }

    /// Where its hold began before what is on record, the proof may be older than the entry that repeats it.
    fn is_of_removed(&self, proof: &StepUpProof, proven: &AuditedProof) -> bool {
        let ProofMethod::Passkey { credential } = &proof.method else { return false };
        self.holds.contains_key(&proven.hold)
            && self.removed.get(credential).is_some_and(|(seq, at)| proven.head >= *seq || proof.at >= *at)
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
        let standing = self.holds.get(proof.hold.as_str());
        if !is_redacted && standing.is_some_and(|standing| !standing.is_of(&statement.digest)) {
            return Err("it was signed for another call than the one that was held".to_owned());
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

fn text_at(body: &Value, place: &str) -> Option<String> {
    body.pointer(place)?.as_str().map(str::to_owned)
}

fn of_event(event: &Event) -> Vec<StepUpProof> {
    match event {
        Event::Voted(vote) => vote.proof.iter().cloned().collect(),
        Event::Proven(proof) => vec![proof.clone()],
        _ => Vec::new(),
    }
}
