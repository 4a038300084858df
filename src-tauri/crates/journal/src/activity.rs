//! One row a call for the list people look at. The row holds what is filtered by; arguments, policies and
//! votes are read from the call's own entries, so they are as sealed and chained as those.

use crate::entry::{HOLD_OPENED, REFUSED, RefusedBody, TURNED_AWAY, TurnedAwayBody};
use crate::read::{COLUMNS, Kept, of_hold};
use crate::release::{Completion, RELEASED, ReleasedBody};
use crate::seal::Seals;
use crate::write::Draft;
use crate::{Journal, JournalError, holds};
use approvals::{Event, HoldId, Opened, Refusal, Verdict, Vote};
use policy::{ActionKind, Applied, CallDigest, Decision, PolicyId, Timestamp, ToolCall, Value};
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows one page has at most.
pub const ROWS_AT_ONCE: usize = 500;
const DAY: i64 = 86_400_000;

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

/// What a row is filtered by.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) agent: &'a str,
    pub(crate) user: &'a str,
    pub(crate) upstream: &'a str,
    pub(crate) tool: &'a str,
}

impl Names<'_> {
    pub(crate) fn of(call: &ToolCall) -> Names<'_> {
        let (agent, user) = (call.agent.as_str(), call.user.as_str());
        Names { agent, user, upstream: call.upstream.as_str(), tool: call.tool.as_str() }
    }
}

pub(crate) fn add_call(
    draft: &Draft<'_>,
    seq: u64,
    call: Names<'_>,
    hold: Option<&HoldId>,
    outcome: ActivityOutcome,
) -> Result<(), JournalError> {
    let ended = matches!(outcome, ActivityOutcome::Denied | ActivityOutcome::Refused).then_some(draft.now.0);
    draft
        .sql
        .prepare_cached(
            "INSERT INTO calls (seq, at, agent, user, upstream, tool, outcome, hold, ended_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            seq,
            draft.now.0,
            call.agent,
            call.user,
            call.upstream,
            call.tool,
            outcome.as_str(),
            hold.map(HoldId::as_str),
            ended,
        ])?;
    Ok(())
}

pub(crate) fn call_of_hold(draft: &Draft<'_>, hold: &HoldId) -> Result<Option<u64>, JournalError> {
    let mut statement = draft.sql.prepare_cached("SELECT seq FROM calls WHERE hold = ?1")?;
    Ok(statement.query_row(params![hold.as_str()], |row| row.get(0)).optional()?)
}

pub(crate) fn set_hold_outcome(
    draft: &Draft<'_>,
    hold: &HoldId,
    outcome: ActivityOutcome,
) -> Result<(), JournalError> {
    let open =
        matches!(outcome, ActivityOutcome::Waiting | ActivityOutcome::Approved | ActivityOutcome::Running);
    draft
        .sql
        .prepare_cached("UPDATE calls SET outcome = ?2, ended_at = ?3 WHERE hold = ?1")?
        .execute(params![hold.as_str(), outcome.as_str(), (!open).then_some(draft.now.0)])?;
    Ok(())
}

pub(crate) fn finish_call(
    draft: &Draft<'_>,
    call: u64,
    held: bool,
    completion: &Completion,
) -> Result<(), JournalError> {
    let (outcome, bytes, tool_error) = match completion {
        Completion::Answered { is_error, bytes, .. } => {
            (if held { ActivityOutcome::Approved } else { ActivityOutcome::Allowed }, Some(*bytes), *is_error)
        }
        Completion::Failed { .. } => (ActivityOutcome::Failed, None, false),
        Completion::Refused { .. } => (ActivityOutcome::Refused, None, false),
        Completion::Unknown => (ActivityOutcome::Unknown, None, false),
    };
    draft
        .sql
        .prepare_cached(
            "UPDATE calls SET outcome = ?2, bytes = ?3, tool_error = ?4, ended_at = ?5 WHERE seq = ?1",
        )?
        .execute(params![call, outcome.as_str(), bytes, tool_error, draft.now.0])?;
    Ok(())
}

/// One more call for every policy that applied, observing ones too.
pub(crate) fn count_applied(draft: &Draft<'_>, decision: &Decision) -> Result<(), JournalError> {
    let day = draft.now.0.div_euclid(DAY);
    let applied = decision.trace.policies.iter().filter(|policy| match policy.applied {
        Applied::Yes => true,
        Applied::Undetermined => policy.action != ActionKind::Allow,
        Applied::No => false,
    });
    for policy in applied {
        draft
            .sql
            .prepare_cached(
                "INSERT INTO applied (policy, day, calls) VALUES (?1, ?2, 1)
                 ON CONFLICT (policy, day) DO UPDATE SET calls = calls + 1",
            )?
            .execute(params![policy.id.as_str(), day])?;
    }
    Ok(())
}

impl Journal {
    /// A page of calls, newest first. Costs the page, not the journal, unless `text` fits few of many rows.
    ///
    /// # Errors
    /// What the database says. A row whose entry cannot be read has no arguments and no policies.
    pub fn activity(&self, query: &ActivityQuery) -> Result<Vec<ActivityRow>, JournalError> {
        let mut sql = format!(
            "SELECT {COLUMNS}, c.agent, c.user, c.upstream, c.tool, c.outcome, c.bytes, c.tool_error, c.ended_at
             FROM calls c JOIN entries e ON e.seq = c.seq WHERE c.seq < ?1"
        );
        let before = query.before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
        let limit = query.limit.min(ROWS_AT_ONCE) as i64;
        let pattern = query.text.as_deref().filter(|text| !text.is_empty()).map(like);
        let outcome = query.outcome.map(ActivityOutcome::as_str);
        let mut values: Vec<&dyn ToSql> = vec![&before, &limit];
        if let Some(outcome) = &outcome {
            values.push(outcome);
            sql.push_str(" AND c.outcome = ?3");
        }
        if let Some(pattern) = &pattern {
            values.push(pattern);
            let at = values.len();
            sql.push_str(&format!(
                " AND (c.agent || ' ' || c.user || ' ' || c.upstream || '/' || c.tool) LIKE ?{at} ESCAPE '\\'"
            ));
        }
        sql.push_str(" ORDER BY c.seq DESC LIMIT ?2");
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&sql)?;
        let rows = statement.query_map(values.as_slice(), |row| Ok((Kept::from_row(row)?, bare(row)?)))?;
        rows.map(|row| {
            let (kept, bare) = row?;
            fill(bare, &kept, &reader, &self.seals)
        })
        .collect()
    }

    /// How often each policy applied, from the day (UTC) of `since` on.
    ///
    /// # Errors
    /// What the database says.
    pub fn applied_counts(&self, since: Timestamp) -> Result<BTreeMap<PolicyId, u32>, JournalError> {
        let reader = self.reader();
        let mut statement = reader
            .prepare_cached("SELECT policy, sum(calls) FROM applied WHERE day >= ?1 GROUP BY policy")?;
        let rows = statement.query_map(params![since.0.div_euclid(DAY)], |row| {
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

fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The row without what is sealed.
fn bare(row: &Row<'_>) -> rusqlite::Result<ActivityRow> {
    let outcome: String = row.get(14)?;
    Ok(ActivityRow {
        seq: row.get(0)?,
        at: Timestamp(row.get(1)?),
        agent: row.get(10)?,
        user: row.get(11)?,
        upstream: row.get(12)?,
        tool: row.get(13)?,
        digest: None,
        arguments: None,
        outcome: ActivityOutcome::from_name(&outcome),
        refusal: None,
        policies: Vec::new(),
        by_default: false,
        votes: Vec::new(),
        hold: None,
        bytes: row.get(15)?,
        tool_error: row.get(16)?,
        ended_at: row.get::<_, Option<i64>>(17)?.map(Timestamp),
    })
}

fn fill(
    mut row: ActivityRow,
    kept: &Kept,
    reader: &Connection,
    seals: &Seals,
) -> Result<ActivityRow, JournalError> {
    row.hold = kept.hold.as_deref().and_then(|hold| hold.parse().ok());
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
            .map(|body| body.allowed.map(|allowed| (allowed.call, allowed.decision))),
        _ => Ok(None),
    };
    let (call, decision) = match judged {
        Ok(Some(judged)) => judged,
        Ok(None) | Err(JournalError::Unreadable(_)) => return Ok(row),
        Err(error) => return Err(error),
    };
    row.digest = Some(call.digest());
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
