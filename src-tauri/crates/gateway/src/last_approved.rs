//! The last call of a held call's tool that people approved, from the journal, and what differs. Reads the disk: asked
//! for the card that a person looks at, never for a list of cards.

use crate::Engine;
use crate::card::{LastApproved, difference, vote_words};
use approvals::{Choice, HeldCall, HoldId};
use journal::{ActivityOutcome, ActivityQuery, ActivityRow, JournalError};
use policy::Value;

/// Approved calls that are looked through for one that can be read.
const LOOKED_AT: usize = 5;

impl Engine {
    /// None where no call of this tool was approved, or none of the latest can be read any more.
    ///
    /// # Errors
    /// What the database says.
    pub fn last_approved(&self, hold: &HoldId) -> Result<Option<LastApproved>, JournalError> {
        let Ok(call) = self.desk().look(hold, |held| held.call().clone()) else { return Ok(None) };
        let query = ActivityQuery {
            limit: LOOKED_AT,
            outcome: Some(ActivityOutcome::Approved),
            upstream: Some(call.upstream.to_string()),
            tool: Some(call.tool.to_string()),
            ..ActivityQuery::default()
        };
        for row in self.journal().activity_page(&query)?.rows {
            let is_itself = row.hold.as_ref() == Some(hold);
            let approval = row.votes.iter().rev().find(|vote| !matches!(vote.choice, Choice::Reject { .. }));
            let (Some(vote), false) = (approval, is_itself) else { continue };
            let Some(arguments) = self.approved_arguments(&row)? else { continue };
            let (changes, gone) = difference::between(&call.arguments, &arguments, &row.redacted);
            let people = self.sets().current();
            let name =
                people.people.get(&vote.by).map_or_else(|| vote.by.to_string(), |user| user.name.clone());
            return Ok(Some(LastApproved {
                at: vote.at.0,
                by: format!("{name}, {}", vote_words(vote)),
                agent: Some(row.agent).filter(|agent| *agent != call.agent.to_string()),
                changes,
                gone,
            }));
        }
        Ok(None)
    }

    /// As they were approved, which may be as an approver edited them.
    fn approved_arguments(&self, row: &ActivityRow) -> Result<Option<Value>, JournalError> {
        let course = match &row.hold {
            Some(hold) => self.journal().hold(hold)?,
            None => None,
        };
        let held = course.and_then(|(opened, events)| HeldCall::replay(opened, &events).ok());
        Ok(held.map(|held| held.call().arguments.clone()).or_else(|| row.arguments.clone()))
    }
}
