//! One row a call for the list people look at. The row holds what is filtered by; arguments, policies and
//! votes are read from the call's own entries, so they are as sealed and chained as those.

use crate::entry::{HOLD_OPENED, REFUSED, RefusedBody, TURNED_AWAY, TurnedAwayBody};
use crate::index::{self, AFTER_ROW, CallRow, ROW, STANDS};
use crate::read::{AFTER, COLUMNS, Kept, of_hold};
use crate::release::{RELEASED, ReleasedBody};
use crate::seal::{Opening, Seals};
use crate::{Journal, JournalError, holds, redact, seek};
use approvals::{Event, HoldId, Opened, Refusal, Verdict, Vote};
use policy::{CallDigest, Decision, PolicyId, Timestamp, Value};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows one page has at most.
pub const ROWS_AT_ONCE: usize = 500;

/// Where a call stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityOutcome {
    /// No policy held it, and it was answered.
    Allowed,
    Denied,
    /// People approved it: it may go, or went and was answered.
    Approved,
    Rejected,
    Expired,
    Withdrawn,
    Uncollected,
    /// Not by a policy's `deny`: a newer policy, an unknown or changed tool, no step-up.
    Refused,
    Waiting,
    /// Released, not answered yet.
    Running,
    /// Released, but its upstream could not run it.
    Failed,
    /// Released, and nobody knows whether it ran.
    Unknown,
}

const OUTCOMES: [(ActivityOutcome, &str); 12] = [
    (ActivityOutcome::Allowed, "allowed"),
    (ActivityOutcome::Denied, "denied"),
    (ActivityOutcome::Approved, "approved"),
    (ActivityOutcome::Rejected, "rejected"),
    (ActivityOutcome::Expired, "expired"),
    (ActivityOutcome::Withdrawn, "withdrawn"),
    (ActivityOutcome::Uncollected, "uncollected"),
    (ActivityOutcome::Refused, "refused"),
    (ActivityOutcome::Waiting, "waiting"),
    (ActivityOutcome::Running, "running"),
    (ActivityOutcome::Failed, "failed"),
    (ActivityOutcome::Unknown, "unknown"),
];

impl ActivityOutcome {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        OUTCOMES.iter().find(|(outcome, _)| *outcome == self).map_or("unknown", |(_, name)| name)
    }

    pub(crate) fn from_name(name: &str) -> ActivityOutcome {
        OUTCOMES
            .iter()
            .find(|(_, known)| *known == name)
            .map_or(ActivityOutcome::Unknown, |(outcome, _)| *outcome)
    }

    pub(crate) fn of_verdict(verdict: &Verdict) -> ActivityOutcome {
        match verdict {
            Verdict::Approved => ActivityOutcome::Approved,
            Verdict::Rejected { .. } => ActivityOutcome::Rejected,
            Verdict::Expired => ActivityOutcome::Expired,
            Verdict::Withdrawn => ActivityOutcome::Withdrawn,
            Verdict::Uncollected => ActivityOutcome::Uncollected,
            Verdict::Refused { .. } => ActivityOutcome::Refused,
        }
    }
}

/// Which rows of the activity; newest first.
#[derive(Clone, Debug, Default)]
pub struct ActivityQuery {
    /// Only rows older than this one: the last row of the page before.
    pub before: Option<u64>,
    /// At most [`ROWS_AT_ONCE`].
    pub limit: usize,
    /// Part of the agent's, user's, upstream's or tool's name; upper and lower case of ASCII are the same.
    pub text: Option<String>,
    pub outcome: Option<ActivityOutcome>,
    /// Exactly this name; so with the two below.
    pub agent: Option<String>,
    pub upstream: Option<String>,
    pub tool: Option<String>,
    /// A policy that was part of the decision.
    pub policy: Option<PolicyId>,
    /// Begun at this time or later.
    pub since: Option<Timestamp>,
    /// Begun at this time or earlier.
    pub until: Option<Timestamp>,
}

/// A page.
#[derive(Clone, Debug, Default)]
pub struct ActivityFound {
    /// Newest first.
    pub rows: Vec<ActivityRow>,
    /// What [`ActivityQuery::before`] is for the page after this; none where nothing older fits.
    pub next: Option<u64>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRow {
    /// Of the entry that began it.
    pub seq: u64,
    pub at: Timestamp,
    pub agent: String,
    pub user: String,
    pub upstream: String,
    pub tool: String,
    /// None where the entry cannot be read with this home's key.
    pub digest: Option<CallDigest>,
    /// As [`digest`](ActivityRow::digest).
    pub arguments: Option<Value>,
    /// Attribute paths of arguments that were left out, being secret, or cut.
    pub redacted: Vec<String>,
    pub outcome: ActivityOutcome,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    /// Of the first decision, and of a newer one where there was one.
    pub policies: Vec<DecidingPolicy>,
    /// No policy decided; the set's default did.
    pub by_default: bool,
    /// Who voted, by which means.
    pub votes: Vec<Vote>,
    pub hold: Option<HoldId>,
    /// Of the answer.
    pub bytes: Option<u64>,
    /// The tool ran and said that it failed.
    pub tool_error: bool,
    pub ended_at: Option<Timestamp>,
}

/// A policy that is part of a decision, as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidingPolicy {
    pub id: PolicyId,
    pub name: String,
    /// With the compared values.
    pub sentence: String,
}

impl Journal {
    /// A page of calls, newest first, stable under new ones: go on with `before` set to [`ActivityFound::next`].
    /// Costs the page and not the journal, see `seek`: a page may have fewer rows than asked for, and another follow.
    ///
    /// # Errors
    /// What the database says. A row whose entry cannot be read has no arguments and no policies.
    pub fn activity_page(&self, query: &ActivityQuery) -> Result<ActivityFound, JournalError> {
        let limit = query.limit.clamp(1, ROWS_AT_ONCE);
        let reader = self.reader();
        // One row more tells whether another page follows.
        let mut found = seek::find(&reader, query, limit + 1)?;
        let next = if found.seqs.len() > limit {
            found.seqs.truncate(limit);
            found.seqs.last().copied()
        } else {
            found.down_to
        };
        let mut rows = Vec::with_capacity(found.seqs.len());
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS}, {ROW}, {STANDS} FROM calls c JOIN subjects s ON s.id = c.subject JOIN entries e ON e.seq = c.seq
             WHERE c.seq = ?1"
        ))?;
        for seq in found.seqs {
            let row = statement
                .query_row(params![seq], |row| {
                    let mut call = CallRow::from_row_at(row, AFTER)?;
                    call.outcome = row.get(AFTER + AFTER_ROW)?;
                    Ok((Kept::from_row(row)?, call))
                })
                .optional()?;
            if let Some((kept, row)) = row {
                rows.push(fill(bare(row), &kept, &reader, &self.seals)?);
            }
        }
        Ok(ActivityFound { rows, next: next.and_then(|seq| u64::try_from(seq).ok()) })
    }

    /// The rows of [`Journal::activity_page`].
    ///
    /// # Errors
    /// As there.
    pub fn activity(&self, query: &ActivityQuery) -> Result<Vec<ActivityRow>, JournalError> {
        Ok(self.activity_page(query)?.rows)
    }

    /// How often each policy applied, from the day (UTC) of `since` on.
    ///
    /// # Errors
    /// What the database says.
    pub fn applied_counts(&self, since: Timestamp) -> Result<BTreeMap<PolicyId, u32>, JournalError> {
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached("SELECT policy, sum(calls) FROM applied WHERE day >= ?1 GROUP BY policy")?;
        let rows = statement.query_map(params![index::day_of(since.0)], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })?;
        let mut counts = BTreeMap::new();
        for row in rows {
            let (policy, calls) = row?;
            if let Ok(policy) = policy.parse() {
                counts.insert(policy, u32::try_from(calls).unwrap_or(u32::MAX));
            }
        }
        Ok(counts)
    }
}

/// The row without what is sealed.
fn bare(row: CallRow) -> ActivityRow {
    ActivityRow {
        seq: row.seq,
        at: Timestamp(row.at),
        agent: row.agent,
        user: row.user,
        upstream: row.upstream,
        tool: row.tool,
        digest: None,
        arguments: None,
        redacted: Vec::new(),
        outcome: ActivityOutcome::from_name(&row.outcome),
        refusal: None,
        policies: Vec::new(),
        by_default: false,
        votes: Vec::new(),
        hold: None,
        bytes: row.bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        tool_error: row.tool_error,
        ended_at: row.ended_at.map(Timestamp),
    }
}

fn fill(
    mut row: ActivityRow,
    kept: &Kept,
    reader: &Connection,
    seals: &Seals,
) -> Result<ActivityRow, JournalError> {
    row.hold = kept.hold.as_deref().and_then(|hold| hold.parse().ok());
    let redaction = match kept.open(seals) {
        Opening::Body(body) => redact::redaction_of(&body),
        Opening::OtherKey | Opening::Broken => None,
    };
    if let Some(redaction) = &redaction {
        row.redacted.clone_from(&redaction.paths);
    }
    let judged = match kept.kind.as_str() {
        REFUSED => kept.read::<RefusedBody>(seals).map(|body| {
            row.refusal = Some(body.refusal);
            Some((body.call, body.decision))
        }),
        TURNED_AWAY => kept.read::<TurnedAwayBody>(seals).map(|body| {
            row.refusal = Some(body.refusal);
            row.arguments = Some(body.arguments);
            None
        }),
        HOLD_OPENED => kept.read::<Opened>(seals).map(|opened| Some((opened.call, opened.decision))),
        RELEASED => kept
            .read::<ReleasedBody>(seals)
            .map(|body| body.allowed.map(|allowed| (Arc::unwrap_or_clone(allowed.call), allowed.decision))),
        _ => Ok(None),
    };
    let (call, decision) = match judged {
        Ok(Some(judged)) => judged,
        Ok(None) | Err(JournalError::Unreadable(_)) => return Ok(row),
        Err(error) => return Err(error),
    };
    row.digest = Some(redaction.and_then(|redaction| redaction.digest).unwrap_or_else(|| call.digest()));
    row.arguments = Some(call.arguments);
    row.by_default = decision.trace.by_default;
    name_policies(&mut row.policies, &decision);
    if kept.kind == HOLD_OPENED
        && let Some(hold) = &kept.hold
    {
        for entry in of_hold(reader, hold)? {
            match holds::event_of(&entry, seals) {
                Some(Event::Voted(vote)) => row.votes.push(vote),
                Some(Event::Rejudged(decision)) => name_policies(&mut row.policies, &decision),
                _ => {}
            }
        }
    }
    Ok(row)
}

fn name_policies(policies: &mut Vec<DecidingPolicy>, decision: &Decision) {
    for policy in decision.trace.policies.iter().filter(|policy| policy.deciding) {
        if !policies.iter().any(|known| known.id == policy.id) {
            let (id, name, sentence) = (policy.id.clone(), policy.name.clone(), policy.sentence.clone());
            policies.push(DecidingPolicy { id, name, sentence });
        }
    }
}
