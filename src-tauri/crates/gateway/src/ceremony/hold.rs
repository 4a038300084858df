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
use crate::desk::{Ballot, VoteError};
use crate::engine::Engine;
use approvals::{Choice, Event, HeldCall, HoldId, HoldState, Means, ProofId, ProofMethod, StepUpProof, Vote};
use policy::{CallDigest, Decision, Timestamp, UserId};
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
        Words::new(
            "This call is not held any more.",
            "It ended a while ago. Activity in Doorward shows how. Close this page.",
        )
    };
    let standing = found.ok_or_else(gone)?;
    if standing.waits {
        return Ok(standing);
    }
    let how = standing.card.verdict.clone().unwrap_or_else(|| "approved".to_owned());
    Err(Words::new(
        "This call is decided already.",
        &sentence(&format!("it is {how}. Nothing is needed here")),
    ))
}

/// Everybody whose proof would count now, as their step-up or with their vote.
pub(super) fn people(engine: &Engine, held: &HeldCall) -> BTreeSet<UserId> {
    let now = engine.desk().clock().now();
    let current = engine.sets().current();
    let everybody = current.people.iter().map(|user| &user.id);
    let counts = |id: &&UserId| {
        let proof = would_be(held, id, now);
        [votes(held, &proof, now), Event::Proven(proof)].iter().any(|event| held.check(event, now).is_ok())
    };
    everybody.filter(counts).cloned().collect()
}

/// A proof as it would be, to ask whether it would count; it is never applied.
fn would_be(held: &HeldCall, by: &UserId, at: Timestamp) -> StepUpProof {
    StepUpProof {
        id: ProofId::from_random([0; 16]),
        by: by.clone(),
        method: ProofMethod::Passkey { credential: String::new() },
        hold: held.id().clone(),
        digest: held.digest(),
        at,
        evidence: None,
    }
}

fn votes(held: &HeldCall, proof: &StepUpProof, at: Timestamp) -> Event {
    let (by, digest) = (proof.by.clone(), held.digest());
    Event::Voted(Vote {
        by,
        choice: Choice::Approve,
        means: Means::Ceremony,
        digest,
        at,
        proof: Some(proof.clone()),
    })
}

fn asked_for<'a>(standing: &Standing, roster: &'a Roster) -> Vec<&'a Credential> {
    let is_asked =
        |credential: &&Credential| standing.people.iter().any(|id| id.as_str() == credential.person());
    roster.live().filter(is_asked).collect()
}

/// What the page shows, with the mark of exactly that.
pub(super) fn shown(engine: &Engine, hold: &HoldId, roster: &Roster) -> Result<(Shown, String), Words> {
    let standing = standing(engine, hold)?;
    let credentials = asked_for(&standing, roster);
    if credentials.is_empty() {
        let names: Vec<String> = standing.people.iter().map(|id| person_name(engine, id)).collect();
        let whom =
            if names.is_empty() { "anybody this call waits for".to_owned() } else { names.join(" or ") };
        return Err(no_passkey(&whom));
    }
    let card = &standing.card;
    let mut lead = format!("{}, for {}", card.agent, card.user_name);
    if let Some(project) = &card.project {
        lead.push_str(&format!(", from {}", crate::visible::marked(project)));
    }
    let mut notes: Vec<String> = Vec::new();
    if card.destructive {
        notes.push(
            "This tool says that it may change or delete things for good, or does not say that it will not."
                .to_owned(),
        );
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
        foot: "Your passkey signs exactly what is shown here. If it differs from the app, reject it."
            .to_owned(),
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
            Words::new(
                "The call or what it needs has changed.",
                "Nothing was done. Look at it again in Doorward.",
            ),
        ));
    }
    let credentials = asked_for(&standing, roster);
    let head = engine.journal().anchor().map_err(|error| {
        tracing::error!(%error, "the journal could not be read for a ceremony");
        Failure::Stop(
            "journal",
            Words::new("The journal cannot be read.", "Nothing was done. Open Doorward to see why."),
        )
    })?;
    let statement = HoldStatement::new(hold.clone(), standing.digest, &standing.decision, course.until, head);
    let (options, pending) = course.party.start_proof(&credentials, statement.binding(), course.until.0)?;
    Ok(Stepped::Ask("get", options, Words::new("", ""), Box::new(Pending::Hold(pending, Asked(statement)))))
}

/// The proof of one person for one hold: their step-up, their vote, or both.
pub(super) fn take(course: &Course, Asked(statement): Asked, proof: &Proof) -> Result<Stepped, Failure> {
    let person: UserId = proof.person().parse().map_err(|_| Failure::Proof(ProofError::OtherCredential))?;
    let hold = statement.hold.clone();
    let standing = standing(&course.engine, &hold).map_err(|words| Failure::Stop("not_held", words))?;
    let same = standing.digest == statement.digest
        && super::statement::requirements(&standing.decision) == statement.requirements;
    if !same {
        return Err(Failure::Stop(
            "changed",
            Words::new(
                "The call or what it needs has changed.",
                "Nothing was done. Look at it again in Doorward.",
            ),
        ));
    }
    let at = course.now();
    let digest = statement.digest;
    let signed = SignedStatement { statement, assertion: proof.evidence().clone() };
    let evidence = serde_json::to_string(&signed).map_err(|_| Failure::Proof(ProofError::State))?;
    let presence = course.presence(proof, at)?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(ProofError::NoRandomness)?;
    let proof = StepUpProof {
        id: ProofId::from_random(random),
        by: person,
        method: ProofMethod::Passkey { credential: proof.credential().to_string() },
        hold,
        digest,
        at,
        evidence: Some(evidence),
    };
    let said = count(course, proof)?;
    Ok(Stepped::Done(CeremonyEnd::Proven(Box::new(presence)), said))
}

/// The vote of whoever may vote, and the step-up of the user the agent acts for; one proof serves both.
fn count(course: &Course, proof: StepUpProof) -> Result<Words, Failure> {
    let desk = course.engine.desk();
    let (hold, now) = (proof.hold.clone(), course.now());
    let stop = |error: &VoteError| {
        Failure::Stop("not_counted", Words::new("That did not count.", &sentence(&error.to_string())))
    };
    let may_vote = desk.seen(&hold, |held, _| held.check(&votes(held, &proof, now), now).is_ok());
    let mut receipt = None;
    if may_vote == Some(true) {
        let ballot = Ballot {
            hold: hold.clone(),
            digest: proof.digest,
            choice: Choice::Approve,
            means: Means::Ceremony,
            by: proof.by.clone(),
            proof: Some(proof.clone()),
        };
        receipt = Some(desk.cast(ballot).map_err(|error| stop(&error))?);
    }
    let still_asked =
        desk.seen(&hold, |held, _| held.check(&Event::Proven(proof.clone()), now).is_ok()) == Some(true);
    if still_asked || receipt.is_none() {
        receipt = Some(desk.prove(&hold, proof).map_err(|error| stop(&error))?);
    }
    let message = receipt.map(|receipt| receipt.message).unwrap_or_default();
    Ok(Words::new("Proven.", &format!("{message} You can close this page.")))
}

/// The owner's; a rejection needs no passkey, and lets nothing go.
pub(super) fn reject(course: &Course, hold: &HoldId) -> Result<Stepped, Failure> {
    let standing = standing(&course.engine, hold).map_err(|words| Failure::Stop("not_held", words))?;
    let stop = |text: String| Failure::Stop("not_counted", Words::new("It was not rejected.", &text));
    let owner = course.engine.owner_id();
    let owner = owner
        .ok_or_else(|| stop("This home has no owner who could vote. Mark one in people.toml.".to_owned()))?;
    let choice = Choice::Reject { reason: None };
    let cast = course.engine.desk().vote(hold, standing.digest, choice, Means::Ceremony, &owner);
    cast.map_err(|error| stop(sentence(&error.to_string())))?;
    Ok(Stepped::Done(
        CeremonyEnd::Rejected,
        Words::new("Rejected.", "Nothing was sent. You can close this page."),
    ))
}
