//! Ceremonies about no call: a new passkey, the last one's removal, or anything else to agree to.

use super::course::{Course, Failure, Pending, Stepped, Words, sentence};
use super::page::Line;
use super::subject::{Shown, Subject};
use super::{CeremonyEnd, store::PasskeysError};
use crate::engine::Engine;
use journal::{Entry, PasskeyEntry};
use policy::{Timestamp, UserId};
use stepup::{Candidate, Credential, Person, Proof, ProofError, Roster};

/// What the page shows, or why nothing can be asked.
pub(super) fn shown(engine: &Engine, subject: &Subject, roster: &Roster) -> Result<Shown, Words> {
    let foot =
        "Your passkey signs exactly what is shown here. If it is not what you wanted, close this page."
            .to_owned();
    Ok(match subject {
        Subject::Enrol { person, name } => {
            let signers = names(&signers(engine, roster, Some(person)));
            let lead = match signers.as_str() {
                "" => "Your device asks for your fingerprint, face or PIN, and keeps the passkey.".to_owned(),
                names => format!(
                    "Two steps: first the new passkey is made, then an enrolled one lets it in: {names}."
                ),
            };
            let lines = vec![Line::new("person", &person_name(engine, person)), Line::new("name", name)];
            let foot = "From then on this passkey can release calls that need it, and guards your policies."
                .to_owned();
            Shown {
                title: "Enrol a passkey".into(),
                lead,
                lines,
                button: "Make the passkey".into(),
                foot,
                ..Shown::default()
            }
        }
        Subject::RemoveLast { credential } => {
            let Some(found) = roster.any(credential).filter(|found| found.removed_at().is_none()) else {
                return Err(Words::new("This passkey is gone.", "It was removed already. Close this page."));
            };
            Shown {
                title: "Remove the last passkey".into(),
                lead: "Afterwards nothing can prove that it is you: calls that need a passkey are refused, and policies can be loosened without one.".into(),
                lines: vec![Line::new("passkey", found.name()), Line::new("fingerprint", &found.fingerprint())],
                button: "Use it one last time".into(),
                foot,
                ..Shown::default()
            }
        }
        Subject::Agree(agreement) => {
            if signers(engine, roster, None).is_empty() {
                return Err(no_passkey("you"));
            }
            Shown {
                title: agreement.title.clone(),
                lead: "This needs your passkey.".into(),
                lines: agreement.lines.iter().map(|(label, text)| Line::new(label, text)).collect(),
                button: "Use passkey".into(),
                foot,
                ..Shown::default()
            }
        }
        // Holds have their own page.
        Subject::Hold { .. } => Shown::default(),
    })
}

pub(super) fn begin(course: &Course, subject: &Subject, roster: &Roster) -> Result<Stepped, Failure> {
    let ask = |from: &[&Credential], binding| {
        let (options, pending) = course.party.start_proof(from, binding, course.until.0)?;
        Ok(Stepped::Ask("get", options, Words::new("", ""), Box::new(Pending::Proof(pending))))
    };
    match subject {
        Subject::Enrol { person, .. } => {
            let handle = course.engine.proofs().handle(person.as_str());
            let who = Person { id: person.to_string(), name: person_name(&course.engine, person), handle };
            let enrolled: Vec<&Credential> = roster.live().collect();
            let (options, pending) = course.party.start_enrolment(&who, &enrolled, course.until.0)?;
            Ok(Stepped::Ask("create", options, Words::new("", ""), Box::new(Pending::Make(pending))))
        }
        Subject::RemoveLast { credential } => {
            let found: Vec<&Credential> = roster.live().filter(|found| found.id() == credential).collect();
            ask(&found, removal(credential.as_str()))
        }
        Subject::Agree(agreement) => ask(&signers(&course.engine, roster, None), agreement.binding()),
        Subject::Hold { .. } => Err(Failure::Proof(ProofError::OtherChallenge)),
    }
}

/// The proof of an agreement or of a removal.
pub(super) fn take_proof(course: &Course, proof: &Proof, now: Timestamp) -> Result<Stepped, Failure> {
    let presence = course.presence(proof, now)?;
    match &course.subject {
        Subject::RemoveLast { credential } => {
            let removed = course.engine.proofs().remove_now(&course.engine, credential, now);
            removed?;
            let words = Words::new("The passkey is removed.", "You can close this page.");
            Ok(Stepped::Done(CeremonyEnd::Proven(Box::new(presence)), words))
        }
        Subject::Agree(agreement) => {
            course.engine.note(Entry::Passkey(PasskeyEntry::Proven {
                purpose: agreement.purpose.tag().to_owned(),
                person: proof.person().to_owned(),
                credential: proof.credential().to_string(),
                about: agreement.title.clone(),
                evidence: presence.evidence.clone(),
            }));
            let words = Words::new("Proven.", "Doorward goes on with it. You can close this page.");
            Ok(Stepped::Done(CeremonyEnd::Proven(Box::new(presence)), words))
        }
        Subject::Hold { .. } | Subject::Enrol { .. } => Err(Failure::Proof(ProofError::OtherChallenge)),
    }
}

/// The new passkey is made. The first counts at once; any other is signed in by one that was there before.
pub(super) fn take_candidate(course: &Course, candidate: Candidate) -> Result<Stepped, Failure> {
    let Subject::Enrol { person, .. } = &course.subject else {
        return Err(Failure::Proof(ProofError::OtherChallenge));
    };
    let roster = course.engine.proofs().passkeys().roster()?;
    let signers = signers(&course.engine, &roster, Some(person));
    if signers.is_empty() {
        return enrolled(course, candidate, None);
    }
    let (options, pending) = course.party.start_proof(&signers, candidate.binding(), course.until.0)?;
    let words = Words::new(
        "The new passkey is made.",
        &format!("Now use one that is enrolled already, to let it in: {}.", names(&signers)),
    );
    Ok(Stepped::Ask("get", options, words, Box::new(Pending::SignIn(pending, Box::new(candidate)))))
}

pub(super) fn sign_in(course: &Course, candidate: Candidate, proof: &Proof) -> Result<Stepped, Failure> {
    enrolled(course, candidate, Some(proof))
}

fn enrolled(course: &Course, candidate: Candidate, proof: Option<&Proof>) -> Result<Stepped, Failure> {
    let Subject::Enrol { name, .. } = &course.subject else {
        return Err(Failure::Proof(ProofError::OtherChallenge));
    };
    let credential = course.engine.proofs().passkeys().change(|roster| {
        match proof {
            Some(proof) => roster.admit(candidate, name, proof),
            None => roster.admit_first(candidate, name),
        }
        .cloned()
    })?;
    let (id, fingerprint) = (credential.id().clone(), credential.fingerprint());
    let written =
        serde_json::to_value(&credential).map_err(|error| PasskeysError::Write(error.to_string()))?;
    course.engine.note(Entry::Passkey(PasskeyEntry::Enrolled { credential: written }));
    course.engine.proofs().changed(&course.engine);
    let text = format!(
        "“{}” is enrolled, with the fingerprint {fingerprint}. You can close this page.",
        credential.name()
    );
    Ok(Stepped::Done(CeremonyEnd::Enrolled(id), Words::new("The passkey is enrolled.", &text)))
}

/// Who may sign: the person's own passkeys, where they have any; else the owner's; else whoever has one.
pub(super) fn signers<'a>(
    engine: &Engine,
    roster: &'a Roster,
    person: Option<&UserId>,
) -> Vec<&'a Credential> {
    let own = person.map(|person| roster.of(person.as_str())).unwrap_or_default();
    if !own.is_empty() {
        return own;
    }
    let owners = engine.owner_id().map(|owner| roster.of(owner.as_str())).unwrap_or_default();
    if owners.is_empty() { roster.live().collect() } else { owners }
}

fn removal(credential: &str) -> stepup::Binding {
    stepup::Binding::of_parts(stepup::Purpose::Remove, &[credential.as_bytes()])
}

fn names(credentials: &[&Credential]) -> String {
    let names: Vec<String> =
        credentials.iter().map(|credential| format!("“{}”", credential.name())).collect();
    names.join(" or ")
}

pub(super) fn person_name(engine: &Engine, person: &UserId) -> String {
    let current = engine.sets().current();
    current.people.get(person).map_or_else(|| person.to_string(), |user| user.name.clone())
}

pub(super) fn no_passkey(whom: &str) -> Words {
    Words::new(
        &sentence(&format!("no passkey is enrolled for {whom}")),
        "Enrol one on the Security page of Doorward, then start again. Nothing was done.",
    )
}
