//! Ceremonies about no call: a new passkey, the last one's removal, or anything else to agree to.

use super::course::{Course, Failure, Pending, Stepped, Words, sentence};
use super::page::Line;
use super::subject::{Shown, Subject};
use super::{CeremonyEnd, store::PasskeysError};
use crate::engine::Engine;
use crate::sets::{SetError, Signature};
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
                "" => first_lead(engine),
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

/// The new passkey is made. The first signs the set in force; any other is signed in by one that was there before.
pub(super) fn take_candidate(course: &Course, candidate: Candidate) -> Result<Stepped, Failure> {
    let Subject::Enrol { person, .. } = &course.subject else {
        return Err(Failure::Proof(ProofError::OtherChallenge));
    };
    let roster = course.engine.proofs().passkeys().roster()?;
    let signers = signers(&course.engine, &roster, Some(person));
    if signers.is_empty() {
        // Without a set in force there is nothing to sign, and everything is denied anyway.
        return match course.engine.sets().current().problem {
            Some(_) => enrolled(course, candidate, None),
            None => ask_first(course, candidate, "The new passkey is made."),
        };
    }
    let (options, pending) = course.party.start_proof(&signers, candidate.binding(), course.until.0)?;
    let words = Words::new(
        "The new passkey is made.",
        &format!("Now use one that is enrolled already, to let it in: {}.", names(&signers)),
    );
    Ok(Stepped::Ask("get", options, words, Box::new(Pending::SignIn(pending, Box::new(candidate)))))
}

/// The first one counts only once it has signed what is in force: a passkey that is enrolled beside an unsigned set
/// would leave it to whoever can write the home's files, or the keychain, what the next start takes.
fn ask_first(course: &Course, candidate: Candidate, title: &str) -> Result<Stepped, Failure> {
    let Subject::Enrol { name, .. } = &course.subject else {
        return Err(Failure::Proof(ProofError::OtherChallenge));
    };
    let mut roster = course.engine.proofs().passkeys().roster()?;
    let credential = roster.admit_first(candidate.clone(), name).map_err(PasskeysError::from)?;
    let sets = course.engine.sets();
    let binding = sets.to_sign(&sets.current().bundle);
    let (options, pending) = course.party.start_proof(&[credential], binding, course.until.0)?;
    let words = Words::new(
        title,
        "Use it once more, to sign the policies in force: from then on nothing loosens them without it.",
    );
    Ok(Stepped::Ask("get", options, words, Box::new(Pending::First(pending, Box::new(candidate)))))
}

/// The first passkey signed the set: it is enrolled, and its signature stands under what is in force.
pub(super) fn first(course: &Course, candidate: Candidate, proof: &Proof) -> Result<Stepped, Failure> {
    let (engine, now) = (&course.engine, course.now());
    let sets = engine.sets();
    if *proof.binding() != sets.to_sign(&sets.current().bundle) {
        return ask_first(course, candidate, "The policies were changed meanwhile.");
    }
    let Subject::Enrol { name, .. } = &course.subject else {
        return Err(Failure::Proof(ProofError::OtherChallenge));
    };
    let credential = engine.proofs().passkeys().change(|roster| {
        roster.admit_first(candidate, name)?;
        roster.used(proof, now.0).cloned()
    })?;
    let words = told(course, &credential)?;
    let evidence = proof.evidence().to_json()?;
    let signed = sets.sign(Signature(evidence.clone()));
    engine.note(Entry::Passkey(PasskeyEntry::Proven {
        purpose: proof.binding().purpose().tag().to_owned(),
        person: proof.person().to_owned(),
        credential: proof.credential().to_string(),
        about: "Sign the policies that are in force".to_owned(),
        evidence,
    }));
    engine.set_changed();
    let words = match signed {
        Ok(_) => words,
        Err(error) => unsigned(&words, &error),
    };
    Ok(Stepped::Done(CeremonyEnd::Enrolled(credential.id().clone()), words))
}

/// The passkey stands, and the set is without its signature: the window asks for it with an alarm.
fn unsigned(words: &Words, error: &SetError) -> Words {
    tracing::error!(%error, "the first passkey did not sign the set");
    let text = format!(
        "{} It has not signed the policies: {error}. The window of Doorward asks for it.",
        words.text
    );
    Words::new(&words.title, &text)
}

fn first_lead(engine: &Engine) -> String {
    let lead = "Your device asks for your fingerprint, face or PIN, and keeps the passkey.";
    if engine.sets().current().problem.is_some() {
        return lead.to_owned();
    }
    format!(
        "{lead} It asks twice: the new passkey signs the policies in force, which it guards from then on."
    )
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
    let words = told(course, &credential)?;
    Ok(Stepped::Done(CeremonyEnd::Enrolled(credential.id().clone()), words))
}

/// Records that it is enrolled, and says so.
fn told(course: &Course, credential: &Credential) -> Result<Words, Failure> {
    let written =
        serde_json::to_value(credential).map_err(|error| PasskeysError::Write(error.to_string()))?;
    course.engine.note(Entry::Passkey(PasskeyEntry::Enrolled { credential: written }));
    course.engine.proofs().changed(&course.engine);
    let text = format!(
        "“{}” is enrolled, with the fingerprint {}. You can close this page.",
        credential.name(),
        credential.fingerprint()
    );
    Ok(Words::new("The passkey is enrolled.", &text))
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
