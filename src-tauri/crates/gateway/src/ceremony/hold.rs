//! Ceremonies for a held call: who may prove, what exactly they sign, and what their proof does.
//!
//! INVARIANT(I6): the statement names one hold and one digest, and the desk takes the proof for that hold only.

use super::CeremonyEnd;
use super::course::{Course, Failure, Pending, Stepped, Words, sentence};
use super::enrolment::{no_passkey, person_name};
use super::page::Line;
use super::statement::{HoldStatement, SignedStatement, hex};
use super::subject::Shown;
use crate::card::Card;
use crate::engine::Engine;
use approvals::{Choice, HeldCall, HoldId, HoldState, Means};
use policy::{CallDigest, Decision, Outcome, UserId};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use stepup::{Credential, Proof, ProofError, Roster};

/// What was asked: the statement that the pending assertion is over.
pub(super) struct Asked(HoldStatement);

/// A held call as it stands.
struct Standing {
    card: Card,
    digest: CallDigest,
    decision: Decision,
    waits: bool,
    /// Whose proof or vote it still waits for.
    people: BTreeSet<UserId>,
}

fn standing(engine: &Engine, hold: &HoldId) -> Result<Standing, Words> {
    let found = engine.desk().seen(hold, |held, card| Standing {
        card,
        digest: held.digest(),
        decision: held.decision().clone(),
        waits: matches!(held.state(), HoldState::Waiting),
        people: people(engine, held),
    });
    let gone = || {
        Words::new("This call is not held any more.", "It ended a while ago. Activity in Doorward shows how. Close this page.")
    };
    let standing = found.ok_or_else(gone)?;
    if standing.waits {
        return Ok(standing);
    }
    let how = standing.card.verdict.clone().unwrap_or_else(|| "approved".to_owned());
    Err(Words::new("This call is decided already.", &sentence(&format!("it is {how}. Nothing is needed here"))))
}

/// The user the agent acts for, where a step-up is asked; and everybody whose vote counts now.
fn people(engine: &Engine, held: &HeldCall) -> BTreeSet<UserId> {
    let current = engine.sets().current();
    let mut people = BTreeSet::new();
    if matches!(&held.decision().outcome, Outcome::Held(required) if required.step_up.is_some()) {
        people.insert(held.call().user.clone());
    }
    for stage in held.stages().into_iter().filter(|stage| stage.current) {
        let nobody_named = stage.approvers.users.is_empty() && stage.approvers.roles.is_empty();
        let entitled = current.people.iter().filter(|user| {
            (nobody_named && user.owner)
                || stage.approvers.users.contains(&user.id)
                || !stage.approvers.roles.is_disjoint(&user.roles)
        });
        people.extend(entitled.map(|user| user.id.clone()).filter(|id| !stage.votes.contains(id)));
    }
    people
}

fn asked_for<'a>(standing: &Standing, roster: &'a Roster) -> Vec<&'a Credential> {
    let is_asked = |credential: &&Credential| standing.people.iter().any(|id| id.as_str() == credential.person());
    roster.live().filter(is_asked).collect()
}

/// What the page shows, with the mark of exactly that.
pub(super) fn shown(engine: &Engine, hold: &HoldId, roster: &Roster) -> Result<(Shown, String), Words> {
    let standing = standing(engine, hold)?;
    let credentials = asked_for(&standing, roster);
    if credentials.is_empty() {
        let names: Vec<String> = standing.people.iter().map(|id| person_name(engine, id)).collect();
        let whom = if names.is_empty() { "anybody this call waits for".to_owned() } else { names.join(" or ") };
        return Err(no_passkey(&whom));
    }
    let card = &standing.card;
    let mut lead = format!("{}, for {}", card.agent, card.user_name);
    if let Some(project) = &card.project {
        lead.push_str(&format!(", from {}", crate::visible::marked(project)));
    }
    let mut notes: Vec<String> = Vec::new();
    if card.destructive {
        notes.push("This tool says that it may change or delete things for good, or does not say that it will not.".to_owned());
    }
    if card.ran_before.is_some() {
        notes.push("The identical call ran within the last hour.".to_owned());
    }
    let shown = Shown {
        title: "Prove it is you, for this one call".to_owned(),
        lead,
        lines: Line::of_card(card),
        reasons: card.reasons.clone(),
        notes,
        button: "Use passkey".to_owned(),
        foot: "Your passkey signs exactly what is shown here. If it differs from the app, reject it.".to_owned(),
    };
    Ok((shown, mark(&standing)))
}

/// Changes whenever the page would show something else to agree to.
fn mark(standing: &Standing) -> String {
    let mut hasher = Sha256::new();
    hasher.update(standing.digest.to_string());
    hasher.update(super::statement::requirements(&standing.decision));
    for stage in &standing.card.stages {
        hasher.update(format!("{stage:?}"));
    }
    hex(&hasher.finalize())
}

pub(super) fn begin(course: &Course, hold: &HoldId, seen: &str, roster: &Roster) -> Result<Stepped, Failure> {
    let engine = &course.engine;
    let standing = standing(engine, hold).map_err(|words| Failure::Stop("not_held", words))?;
    if mark(&standing) != seen {
        return Err(Failure::Stop(
            "changed",
            Words::new("The call or what it needs has changed.", "Nothing was done. Look at it again in Doorward."),
        ));
    }
    let credentials = asked_for(&standing, roster);
    let head = engine.journal().anchor().map_err(|error| {
        tracing::error!(%error, "the journal could not be read for a ceremony");
        Failure::Stop("journal", Words::new("The journal cannot be read.", "Nothing was done. Open Doorward to see why."))
    })?;
    let statement = HoldStatement::new(hold.clone(), standing.digest, &standing.decision, course.until, head);
    let (options, pending) = course.party.start_proof(&credentials, statement.binding(), course.until.0)?;
    Ok(Stepped::Ask("get", options, Words::new("", ""), Pending::Hold(pending, Asked(statement))))
}

/// The proof of one person for one hold: their step-up, their vote, or both.
pub(super) fn take(course: &Course, Asked(statement): Asked, proof: &Proof) -> Result<Stepped, Failure> {
    let person: UserId =
        proof.person().parse().map_err(|_| Failure::Proof(ProofError::OtherCredential))?;
    let hold = statement.hold.clone();
    let standing = standing(&course.engine, &hold).map_err(|words| Failure::Stop("not_held", words))?;
    let same = standing.digest == statement.digest
        && super::statement::requirements(&standing.decision) == statement.requirements;
    if !same {
        return Err(Failure::Stop(
            "changed",
            Words::new("The call or what it needs has changed.", "Nothing was done. Look at it again in Doorward."),
        ));
    }
    let at = course.now();
    let signed = SignedStatement { statement, assertion: proof.evidence().clone() };
    let evidence = serde_json::to_value(&signed).map_err(|_| Failure::Proof(ProofError::State))?;
    let presence = course.presence(proof, at)?;
    let said = count(course, &standing, (&person, proof.credential().as_str(), evidence, at))?;
    Ok(Stepped::Done(CeremonyEnd::Proven(Box::new(presence)), said))
}

type Who<'a> = (&'a UserId, &'a str, serde_json::Value, policy::Timestamp);

fn count(_course: &Course, _standing: &Standing, _who: Who<'_>) -> Result<Words, Failure> {
    Err(Failure::Stop("unsupported", Words::new("x", "y")))
}

pub(super) fn reject(course: &Course, hold: &HoldId) -> Result<Stepped, Failure> {
    let standing = standing(&course.engine, hold).map_err(|words| Failure::Stop("not_held", words))?;
    let Some(owner) = course.engine.owner_id() else { return Err(Failure::Stop("no_owner", Words::new("x", "y"))) };
    let vote = course.engine.desk().vote(hold, standing.digest, Choice::Reject { reason: None }, Means::Window, &owner);
    vote.map_err(|e| Failure::Stop("x", Words::new("x", &e.to_string())))?;
    Ok(Stepped::Done(CeremonyEnd::Rejected, Words::new("Rejected.", "Nothing was sent. You can close this page.")))
}
