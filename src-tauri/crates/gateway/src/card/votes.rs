//! The votes on a card: who said what, by which means, when. The desk knows people by their ids; whoever shows a card
//! gives them their names.

use super::{Card, CardState};
use approvals::{Choice, Means, ProofMethod, Vote};
use policy::{People, UserId};
use serde::Serialize;
use ts_rs::TS;

/// One vote that counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct CardVote {
    /// The voter's name; their id until [`Card::with_people`].
    pub by: String,
    pub approves: bool,
    /// "in the window"
    pub means: String,
    /// Epoch milliseconds.
    #[ts(type = "number")]
    pub at: i64,
}

impl From<&Vote> for CardVote {
    fn from(vote: &Vote) -> CardVote {
        CardVote {
            by: vote.by.to_string(),
            approves: !matches!(vote.choice, Choice::Reject { .. }),
            means: match vote.choice {
                Choice::ApproveEdited { .. } => format!("{}, with changes", vote_words(vote)),
                Choice::Approve | Choice::Reject { .. } => vote_words(vote),
            },
            at: vote.at.0,
        }
    }
}

/// By which way something was said: "in the window".
#[must_use]
pub fn means_words(means: Means) -> &'static str {
    match means {
        Means::Window => "in the window",
        Means::Notification => "on a notification",
        Means::Terminal => "at the terminal",
        Means::Ceremony => "on the passkey page",
    }
}

/// How somebody voted: "with a passkey", "on the passkey page" for a no that needed none.
#[must_use]
pub fn vote_words(vote: &Vote) -> String {
    match vote.proof.as_ref().map(|proof| &proof.method) {
        Some(ProofMethod::Passkey { .. }) => "with a passkey".to_owned(),
        Some(ProofMethod::Passphrase) => format!("{}, with the passphrase", means_words(vote.means)),
        None => means_words(vote.means).to_owned(),
    }
}

impl Card {
    /// Names the voters, and says whether this desk's owner still has a vote to cast.
    #[must_use]
    pub fn with_people(mut self, people: &People) -> Card {
        let owner = people.owner().map(|owner| owner.id.to_string());
        self.owner_voted = self.state == CardState::Waiting
            && self.stages.iter().any(|stage| stage.current)
            && owner.is_some_and(|owner| {
                self.stages.iter().filter(|stage| stage.current).all(|stage| stage.voters.contains(&owner))
            });
        for vote in &mut self.votes {
            vote.by = name_of(people, &vote.by);
        }
        for voter in self.stages.iter_mut().flat_map(|stage| &mut stage.voters) {
            *voter = name_of(people, voter);
        }
        self
    }
}

fn name_of(people: &People, id: &str) -> String {
    let user = id.parse::<UserId>().ok().and_then(|id| people.get(&id));
    user.map_or_else(|| id.to_owned(), |user| user.name.clone())
}
