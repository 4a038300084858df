//! Calls as a table for other programs: those that a filter of Activity finds, newest first, one a line.
//!
//! A part of the record proves nothing by itself: the whole journal's export (`export`) is what can be verified.

use crate::activity::{ActivityQuery, ActivityRow, ROWS_AT_ONCE};
use crate::export::{ExportError, ExportFormat, InClear};
use crate::{Journal, JournalError, redact};
use approvals::{Choice, Vote};
use policy::{Timestamp, Value};
use serde::Serialize;
use std::io::Write;

/// The columns of a CSV, which are the members of a line.
const COLUMNS: [&str; 16] = [
    "seq",
    "at",
    "agent",
    "user",
    "upstream",
    "tool",
    "outcome",
    "ended_at",
    "hold",
    "policies",
    "votes",
    "refusal",
    "bytes",
    "tool_error",
    "left_out",
    "arguments",
];

impl Journal {
    /// Writes every call that fits, newest first, and says how many; `before` and `limit` of the query do not count.
    /// What is secret is left out, but where `in_clear` says otherwise; that is recorded first.
    ///
    /// # Errors
    /// What the database or `out` says.
    pub fn export_calls(
        &self,
        query: &ActivityQuery,
        in_clear: Option<&InClear>,
        format: ExportFormat,
        out: &mut dyn Write,
    ) -> Result<u64, ExportError> {
        if let Some(noted) = in_clear {
            self.note_in_clear(noted)?;
        }
        if format == ExportFormat::Csv {
            out.write_all(COLUMNS.join(",").as_bytes())?;
            out.write_all(b"\r\n")?;
        }
        let mut query = ActivityQuery { before: None, limit: ROWS_AT_ONCE, ..query.clone() };
        let mut count = 0;
        loop {
            let found = self.activity_page(&query)?;
            for row in &found.rows {
                let mut line = line_of(row)?;
                if in_clear.is_none() {
                    line = redact::told(self, (&row.upstream, &row.tool), &line)?;
                }
                match format {
                    ExportFormat::JsonLines => writeln!(out, "{}", line.to_json())?,
                    ExportFormat::Csv => out.write_all(csv_of(&line).as_bytes())?,
                }
                count += 1;
            }
            query.before = found.next;
            if query.before.is_none() {
                out.flush()?;
                return Ok(count);
            }
        }
    }
}

fn line_of(row: &ActivityRow) -> Result<Value, JournalError> {
    let time = |at: Timestamp| Value::from(at.0);
    let text = |text: &str| Value::from(text);
    let policies = row.policies.iter().map(|policy| Value::from(policy.id.as_str())).collect();
    let left_out = row.redacted.iter().map(|path| Value::from(path.as_str())).collect();
    let votes = row.votes.iter().map(vote_of).collect::<Result<_, _>>()?;
    Ok(Value::object([
        ("seq", Value::from(i64::try_from(row.seq).unwrap_or(i64::MAX))),
        ("at", time(row.at)),
        ("agent", text(&row.agent)),
        ("user", text(&row.user)),
        ("upstream", text(&row.upstream)),
        ("tool", text(&row.tool)),
        ("outcome", text(row.outcome.as_str())),
        ("ended_at", row.ended_at.map_or(Value::Null, time)),
        ("hold", row.hold.as_ref().map_or(Value::Null, |hold| text(hold.as_str()))),
        ("policies", Value::List(policies)),
        ("votes", Value::List(votes)),
        ("refusal", value_of(&row.refusal)?),
        ("bytes", row.bytes.and_then(|bytes| i64::try_from(bytes).ok()).map_or(Value::Null, Value::from)),
        ("tool_error", Value::Bool(row.tool_error)),
        ("left_out", Value::List(left_out)),
        ("arguments", row.arguments.clone().unwrap_or(Value::Null)),
    ]))
}

/// Without its proof, which is the whole export's.
fn vote_of(vote: &Vote) -> Result<Value, JournalError> {
    let (said, more) = match &vote.choice {
        Choice::Approve => ("approve", Value::Null),
        Choice::ApproveEdited { arguments, .. } => ("approve_edited", arguments.clone()),
        Choice::Reject { reason } => ("reject", reason.as_deref().map_or(Value::Null, Value::from)),
    };
    let name = if said == "approve_edited" { "arguments" } else { "reason" };
    Ok(Value::object([
        ("by", Value::from(vote.by.as_str())),
        ("at", Value::from(vote.at.0)),
        ("means", value_of(&vote.means)?),
        ("said", Value::from(said)),
        (name, more),
    ]))
}

fn value_of(of: &impl Serialize) -> Result<Value, JournalError> {
    let text = serde_json::to_vec(of).map_err(JournalError::Encoding)?;
    Ok(Value::parse(&text).unwrap_or(Value::Null))
}

fn csv_of(line: &Value) -> String {
    let cell = |name: &&str| match line.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::Number(number)) => number.as_str().to_owned(),
        Some(Value::Bool(yes)) => yes.to_string(),
        Some(Value::Text(text)) => quoted(text),
        Some(other) => quoted(&other.to_json()),
    };
    let cells: Vec<String> = COLUMNS.iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

/// A spreadsheet takes what begins so for a formula; names come from agents and upstreams.
pub(crate) fn quoted(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, text.replace('"', "\"\""))
}
