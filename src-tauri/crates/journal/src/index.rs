//! The index of calls: one row a call, written in the transaction of the entry that changes it. It holds what people
//! filter by; each row is bound to the home and names the newest entry that changed it, so that `verify` can compare.

use crate::JournalError;
use crate::activity::ActivityOutcome;
use crate::applied;
use crate::bind::{Binder, Code, Part};
use crate::release::Completion;
use crate::write::Draft;
use approvals::HoldId;
use policy::{ActionKind, Applied, Decision, ToolCall};
use rusqlite::{Connection, OptionalExtension, Row, params};

const DAY: i64 = 86_400_000;

/// The day, UTC, counted from 1970.
pub(crate) fn day_of(at: i64) -> i64 {
    at.div_euclid(DAY)
}

/// Who asked for what.
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

/// A row of the index, names resolved.
pub(crate) struct CallRow {
    pub(crate) seq: u64,
    pub(crate) at: i64,
    pub(crate) day: i64,
    pub(crate) agent: String,
    pub(crate) user: String,
    pub(crate) upstream: String,
    pub(crate) tool: String,
    pub(crate) outcome: String,
    pub(crate) hold: Option<String>,
    pub(crate) bytes: Option<i64>,
    pub(crate) tool_error: bool,
    pub(crate) ended_at: Option<i64>,
    /// Ids of the deciding policies, each followed by a space.
    pub(crate) policies: String,
    pub(crate) touched: u64,
    pub(crate) mac: Code,
    /// Ids of the policies that applied at its admission, observing ones too, each followed by a space.
    pub(crate) applied: String,
}

/// A row as it stands in the database, looked at without a copy.
pub(crate) struct Looked<'a> {
    pub(crate) seq: u64,
    pub(crate) at: i64,
    pub(crate) day: i64,
    names: [&'a str; 4],
    pub(crate) outcome: &'a str,
    pub(crate) hold: Option<&'a str>,
    bytes: Option<i64>,
    tool_error: bool,
    ended_at: Option<i64>,
    pub(crate) policies: &'a str,
    pub(crate) touched: u64,
    mac: &'a [u8],
    pub(crate) applied: &'a str,
}

impl<'a> Looked<'a> {
    pub(crate) fn from_row(row: &'a Row<'_>) -> rusqlite::Result<Looked<'a>> {
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        Ok(Looked {
            seq: row.get(0)?,
            at: row.get(1)?,
            day: row.get(2)?,
            names: [text(3)?, text(4)?, text(5)?, text(6)?],
            outcome: text(7)?,
            hold: row.get_ref(8)?.as_str_or_null()?,
            bytes: row.get(9)?,
            tool_error: row.get(10)?,
            ended_at: row.get(11)?,
            policies: text(12)?,
            touched: row.get(13)?,
            mac: row.get_ref(14)?.as_blob()?,
            applied: text(15)?,
        })
    }

    fn parts(&self) -> [Part<'a>; 15] {
        let [agent, user, upstream, tool] = self.names.map(Part::Text);
        [
            self.seq.into(),
            Part::Number(self.at),
            Part::Number(self.day),
            agent,
            user,
            upstream,
            tool,
            Part::Text(self.outcome),
            self.hold.into(),
            self.bytes.into(),
            Part::Number(i64::from(self.tool_error)),
            self.ended_at.into(),
            Part::Text(self.policies),
            self.touched.into(),
            Part::Text(self.applied),
        ]
    }

    fn code(&self, binder: &Binder) -> Code {
        binder.code("call", &self.parts())
    }

    pub(crate) fn is_bound(&self, binder: &Binder) -> bool {
        self.code(binder).as_slice() == self.mac
    }
}

/// The columns [`CallRow::from_row`] reads, of `calls c JOIN subjects s ON s.id = c.subject`.
pub(crate) const ROW: &str = "c.seq, c.at, c.day, s.agent, s.user, s.upstream, s.tool, c.outcome, c.hold, c.bytes, c.tool_error, c.ended_at, c.policies, c.touched, c.mac, c.applied";

/// Where columns of a query come that stand after [`ROW`].
pub(crate) const AFTER_ROW: usize = 16;

/// A held call `c` was sent and is not answered. Its release leaves its row as it is, because every page that it changes is
/// synced before the call goes: that it runs is what the releases say.
macro_rules! held_and_runs {
    () => {
        "c.hold IS NOT NULL AND c.ended_at IS NULL AND c.outcome = 'approved'
         AND EXISTS (SELECT 1 FROM releases r WHERE r.call = c.seq)"
    };
}

/// Those calls; a handful at most.
pub(crate) const HELD_RUNNING: &str = concat!("calls c INDEXED BY calls_by_end WHERE ", held_and_runs!());

/// The outcome of `c` as people see it.
pub(crate) const STANDS: &str = concat!("CASE WHEN ", held_and_runs!(), " THEN 'running' ELSE c.outcome END");

impl CallRow {
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<CallRow> {
        CallRow::from_row_at(row, 0)
    }

    /// Where the columns begin at `first`.
    pub(crate) fn from_row_at(row: &Row<'_>, first: usize) -> rusqlite::Result<CallRow> {
        Ok(CallRow {
            seq: row.get(first)?,
            at: row.get(first + 1)?,
            day: row.get(first + 2)?,
            agent: row.get(first + 3)?,
            user: row.get(first + 4)?,
            upstream: row.get(first + 5)?,
            tool: row.get(first + 6)?,
            outcome: row.get(first + 7)?,
            hold: row.get(first + 8)?,
            bytes: row.get(first + 9)?,
            tool_error: row.get(first + 10)?,
            ended_at: row.get(first + 11)?,
            policies: row.get(first + 12)?,
            touched: row.get(first + 13)?,
            mac: row.get(first + 14)?,
            applied: row.get(first + 15)?,
        })
    }

    fn look(&self) -> Looked<'_> {
        Looked {
            seq: self.seq,
            at: self.at,
            day: self.day,
            names: [&self.agent, &self.user, &self.upstream, &self.tool],
            outcome: &self.outcome,
            hold: self.hold.as_deref(),
            bytes: self.bytes,
            tool_error: self.tool_error,
            ended_at: self.ended_at,
            policies: &self.policies,
            touched: self.touched,
            mac: &self.mac,
            applied: &self.applied,
        }
    }

    pub(crate) fn code(&self, binder: &Binder) -> Code {
        self.look().code(binder)
    }

    /// As formats 4 and 5 bound it.
    pub(crate) fn was_bound(&self, binder: &Binder) -> bool {
        let parts = self.look().parts();
        binder.code("call", parts.split_last().map_or(&[], |(_, before)| before)) == self.mac
    }

    fn save(&mut self, draft: &Draft<'_>) -> Result<(), JournalError> {
        self.mac = self.code(draft.binder);
        draft
            .sql
            .prepare_cached(
                "UPDATE calls SET outcome = ?2, bytes = ?3, tool_error = ?4, ended_at = ?5, policies = ?6,
                 touched = ?7, mac = ?8 WHERE seq = ?1",
            )?
            .execute(params![
                self.seq,
                self.outcome,
                self.bytes,
                self.tool_error,
                self.ended_at,
                self.policies,
                self.touched,
                self.mac,
            ])?;
        Ok(())
    }
}

/// Adds a call's row, begun by entry `seq`.
pub(crate) fn add_call(
    draft: &Draft<'_>,
    seq: u64,
    call: Names<'_>,
    hold: Option<&HoldId>,
    outcome: ActivityOutcome,
    decision: Option<&Decision>,
) -> Result<(), JournalError> {
    let ended = matches!(outcome, ActivityOutcome::Denied | ActivityOutcome::Refused).then_some(draft.now.0);
    let mut row = CallRow {
        seq,
        at: draft.now.0,
        day: day_of(draft.now.0),
        agent: call.agent.to_owned(),
        user: call.user.to_owned(),
        upstream: call.upstream.to_owned(),
        tool: call.tool.to_owned(),
        outcome: outcome.as_str().to_owned(),
        hold: hold.map(|hold| hold.as_str().to_owned()),
        bytes: None,
        tool_error: false,
        ended_at: ended,
        policies: String::new(),
        touched: seq,
        mac: [0; 16],
        applied: String::new(),
    };
    if let Some(decision) = decision {
        note_deciding(draft.sql, &mut row, decision)?;
        row.applied = applied(decision);
        count(draft, &row)?;
    }
    row.mac = row.code(draft.binder);
    draft
        .sql
        .prepare_cached(
            "INSERT INTO calls (seq, at, day, subject, outcome, hold, tool_error, ended_at, policies, touched, mac, applied)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            row.seq,
            row.at,
            row.day,
            subject(draft.sql, call)?,
            row.outcome,
            row.hold,
            row.tool_error,
            row.ended_at,
            row.policies,
            row.touched,
            row.mac,
            row.applied,
        ])?;
    Ok(())
}

fn subject(sql: &Connection, call: Names<'_>) -> Result<i64, JournalError> {
    let names = params![call.agent, call.user, call.upstream, call.tool];
    let known = sql
        .prepare_cached(
            "SELECT id FROM subjects WHERE agent = ?1 AND user = ?2 AND upstream = ?3 AND tool = ?4",
        )?
        .query_row(names, |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => {
            sql.prepare_cached("INSERT INTO subjects (agent, user, upstream, tool) VALUES (?1, ?2, ?3, ?4)")?
                .execute(names)?;
            Ok(sql.last_insert_rowid())
        }
    }
}

/// Adds the policies that decided to the row and to the list by policy.
pub(crate) fn note_deciding(
    sql: &Connection,
    row: &mut CallRow,
    decision: &Decision,
) -> Result<(), JournalError> {
    for policy in decision.trace.policies.iter().filter(|policy| policy.deciding) {
        if row.policies.split_terminator(' ').any(|known| known == policy.id.as_str()) {
            continue;
        }
        row.policies.push_str(policy.id.as_str());
        row.policies.push(' ');
        sql.prepare_cached("INSERT OR IGNORE INTO deciding (policy, seq) VALUES (?1, ?2)")?
            .execute(params![policy.id.as_str(), row.seq])?;
    }
    Ok(())
}

pub(crate) fn call_of_hold(draft: &Draft<'_>, hold: &HoldId) -> Result<Option<u64>, JournalError> {
    let mut statement = draft.sql.prepare_cached("SELECT seq FROM calls WHERE hold = ?1")?;
    Ok(statement.query_row(params![hold.as_str()], |row| row.get(0)).optional()?)
}

fn row_where(sql: &Connection, column: &str, value: &dyn rusqlite::ToSql) -> Result<CallRow, JournalError> {
    let query =
        format!("SELECT {ROW} FROM calls c JOIN subjects s ON s.id = c.subject WHERE c.{column} = ?1");
    Ok(sql.prepare_cached(&query)?.query_row(params![value], CallRow::from_row)?)
}

/// Entry `touched` changed where a hold stands, and a newer decision may have come with it.
pub(crate) fn set_hold_outcome(
    draft: &Draft<'_>,
    hold: &HoldId,
    touched: u64,
    outcome: ActivityOutcome,
    decision: Option<&Decision>,
) -> Result<(), JournalError> {
    let mut row = row_where(draft.sql, "hold", &hold.as_str())?;
    let open =
        matches!(outcome, ActivityOutcome::Waiting | ActivityOutcome::Approved | ActivityOutcome::Running);
    row.outcome = outcome.as_str().to_owned();
    row.ended_at = (!open).then_some(draft.now.0);
    row.touched = touched;
    if let Some(decision) = decision {
        note_deciding(draft.sql, &mut row, decision)?;
    }
    row.save(draft)
}

/// Entry `touched` says how a released call ended.
pub(crate) fn finish_call(
    draft: &Draft<'_>,
    call: u64,
    touched: u64,
    completion: &Completion,
) -> Result<(), JournalError> {
    let mut row = row_where(draft.sql, "seq", &call)?;
    let answered = if row.hold.is_some() { ActivityOutcome::Approved } else { ActivityOutcome::Allowed };
    let (outcome, bytes, tool_error) = match completion {
        Completion::Answered { is_error, bytes, .. } => (answered, i64::try_from(*bytes).ok(), *is_error),
        Completion::Failed { .. } => (ActivityOutcome::Failed, None, false),
        Completion::Refused { .. } => (ActivityOutcome::Refused, None, false),
        Completion::Unknown => (ActivityOutcome::Unknown, None, false),
    };
    row.outcome = outcome.as_str().to_owned();
    (row.bytes, row.tool_error, row.ended_at, row.touched) = (bytes, tool_error, Some(draft.now.0), touched);
    row.save(draft)
}

/// Ids of the policies that applied, observing ones too, each followed by a space.
pub(crate) fn applied(decision: &Decision) -> String {
    let applied = decision.trace.policies.iter().filter(|policy| match policy.applied {
        Applied::Yes => true,
        Applied::Undetermined => policy.action != ActionKind::Allow,
        Applied::No => false,
    });
    applied.map(|policy| format!("{} ", policy.id)).collect()
}

/// One more call for every policy that applied.
fn count(draft: &Draft<'_>, row: &CallRow) -> Result<(), JournalError> {
    for policy in row.applied.split_terminator(' ') {
        let calls: Option<i64> = draft
            .sql
            .prepare_cached("SELECT calls FROM applied WHERE policy = ?1 AND day = ?2")?
            .query_row(params![policy, row.day], |row| row.get(0))
            .optional()?;
        let calls = calls.unwrap_or(0).saturating_add(1);
        applied::put(draft.sql, draft.binder, (policy, row.day), calls, row.seq)?;
    }
    Ok(())
}
