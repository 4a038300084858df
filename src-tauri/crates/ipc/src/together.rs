//! Many similar holds answered with one gesture: which they are, what they share and what differs, and one vote for
//! each of them. Every vote is cast, recorded and answered by itself; one that does not count says so beside the others.

use crate::host::Host;
use crate::wire::{CardRequest, IpcError, VoteChoice, VoteReceipt, VoteRequest};
use approvals::Means;
use gateway::card::{Card, CardArgument};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Holds that one gesture may answer.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Similar {
    /// The one asked about first; none where it takes no plain vote.
    pub calls: Vec<SimilarCall>,
    /// Arguments that all of them have alike.
    pub shared: Vec<CardArgument>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct SimilarCall {
    pub hold: String,
    pub digest: String,
    /// Arguments that are not alike in all of them, complete.
    pub own: Vec<CardArgument>,
    /// Why it waits differs from the first one's: in sentences.
    pub reasons: Vec<String>,
    #[ts(type = "number")]
    pub deadline: i64,
    pub owner_voted: bool,
}

/// The same answer to many holds.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct VotesRequest {
    pub calls: Vec<VotedCall>,
    pub choice: VoteChoice,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Deserialize, TS)]
pub struct VotedCall {
    pub hold: String,
    /// Of the call that was shown: a vote counts for this call only.
    pub digest: String,
}

/// What one of many votes came to.
#[derive(Clone, Debug, Serialize, TS)]
pub struct VoteOutcome {
    pub hold: String,
    pub receipt: Option<VoteReceipt>,
    /// Why it did not count.
    pub problem: Option<IpcError>,
}

impl Host {
    pub(crate) async fn similar(&self, request: CardRequest) -> Result<Similar, IpcError> {
        let engine = self.engine()?;
        let hold = request.hold.parse().map_err(|_| IpcError::gone(&request.hold))?;
        let people = engine.sets().current();
        let cards = engine.desk().similar(&hold).into_iter().map(|card| card.with_people(&people.people));
        Ok(compared(&cards.collect::<Vec<_>>()))
    }

    pub(crate) async fn vote_many(&self, request: VotesRequest) -> Result<Vec<VoteOutcome>, IpcError> {
        let engine = self.engine()?;
        let first = request.calls.first().and_then(|call| call.hold.parse().ok());
        let alike: Vec<String> = first
            .map(|first| engine.desk().similar(&first).into_iter().map(|card| card.hold).collect())
            .unwrap_or_default();
        let mut outcomes = Vec::with_capacity(request.calls.len());
        for VotedCall { hold, digest } in request.calls {
            let ballot = VoteRequest {
                hold: hold.clone(),
                digest,
                choice: request.choice,
                reason: request.reason.clone(),
            };
            let cast = if alike.contains(&hold) {
                self.cast(ballot, Means::Window).await
            } else {
                Err(self.not_with_the_others(&hold))
            };
            let (receipt, problem) = match cast {
                Ok(receipt) => (Some(receipt), None),
                Err(error) => (None, Some(error)),
            };
            outcomes.push(VoteOutcome { hold, receipt, problem });
        }
        Ok(outcomes)
    }

    /// It ended meanwhile, or was never one that many votes may be cast on at once.
    fn not_with_the_others(&self, hold: &str) -> IpcError {
        match self.card_of(hold).and_then(|card| card.verdict) {
            Some(verdict) => {
                IpcError::new("ended", format!("it has ended: {verdict}"), "Activity shows how it went")
            }
            None => IpcError::new(
                "not_alike",
                "it is not answered together with others, or no longer",
                "look at its own card",
            ),
        }
    }
}

/// An argument as it can be compared: its path and what stands there.
fn key(argument: &CardArgument) -> (&str, &str, &[gateway::visible::Piece]) {
    (&argument.path, &argument.kind, &argument.pieces)
}

fn compared(cards: &[Card]) -> Similar {
    let Some((first, others)) = cards.split_first() else {
        return Similar { calls: Vec::new(), shared: Vec::new() };
    };
    let others: Vec<std::collections::HashSet<_>> =
        others.iter().map(|card| card.arguments.iter().map(key).collect()).collect();
    let (mut shared, mut alike) = (Vec::new(), std::collections::HashSet::new());
    for argument in &first.arguments {
        if others.iter().all(|other| other.contains(&key(argument))) && alike.insert(key(argument)) {
            shared.push(argument.clone());
        }
    }
    let sentences =
        |card: &Card| card.reasons.iter().map(|reason| reason.sentence.clone()).collect::<Vec<_>>();
    let reasons = sentences(first);
    let calls = cards.iter().map(|card| SimilarCall {
        hold: card.hold.clone(),
        digest: card.digest.clone(),
        own: card.arguments.iter().filter(|argument| !alike.contains(&key(argument))).cloned().collect(),
        reasons: Some(sentences(card)).filter(|own| *own != reasons).unwrap_or_default(),
        deadline: card.deadline,
        owner_voted: card.owner_voted,
    });
    Similar { calls: calls.collect(), shared }
}
