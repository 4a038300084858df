//! Recorded calls with the facts they were judged by, newest first, for whoever tries a draft on history.
//!
//! Read a page at a time: no reader stays open between pages, and memory holds one page. What cannot be judged
//! again (sealed with another key, removed, or turned away before it was judged) is counted, never guessed.

use crate::activity::ActivityOutcome;
use crate::entry::{HOLD_OPENED, REFUSED, RefusedBody};
use crate::read::{AFTER, COLUMNS, Kept};
use crate::release::{RELEASED, ReleasedBody};
use crate::seal::{Opening, Seals};
use crate::{Journal, JournalError, redact};
use approvals::{HoldId, Opened};
use policy::{Decision, Facts, Timestamp, ToolCall};
use rusqlite::params;
use std::collections::VecDeque;
use std::sync::Arc;

/// Calls one page holds at most.
const PAGE: usize = 200;

/// How much of a call's arguments is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentsKept {
    AsAsked,
    /// Values that are marked secret were left out, or long ones cut: conditions on these tell nothing.
    Redacted,
}

/// One call as it was asked and judged.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedCall {
    /// Of the entry that began it; opens it in Activity.
    pub seq: u64,
    pub at: Timestamp,
    pub call: ToolCall,
    /// Frozen at its admission.
    pub facts: Facts,
    /// Of the set then in force.
    pub decision: Decision,
    pub outcome: ActivityOutcome,
    pub hold: Option<HoldId>,
    pub arguments: ArgumentsKept,
}

/// Which calls of the past; empty is all of them.
#[derive(Clone, Debug, Default)]
pub struct CallFilter {
    /// Begun at this time or later.
    pub since: Option<Timestamp>,
    pub agent: Option<String>,
    pub upstream: Option<String>,
    pub tool: Option<String>,
    /// Only calls older than this entry: the last one of an earlier run.
    pub before: Option<u64>,
}

/// See [`Journal::calls_on_record`].
pub struct CallsOnRecord<'a> {
    journal: &'a Journal,
    filter: CallFilter,
    page: VecDeque<RecordedCall>,
    is_over: bool,
}

/// A page of the past.
#[derive(Debug, Default)]
pub struct RecordedPage {
    /// Newest first.
    pub calls: Vec<RecordedCall>,
    /// Calls of this stretch that cannot be judged again.
    pub unreadable: u64,
    /// Where the next page begins; none at the end.
    pub before: Option<u64>,
}

impl Journal {
    /// The newest calls older than entry `before`, or the newest of all.
    ///
    /// # Errors
    /// What the database says.
    pub fn recorded_calls(&self, before: Option<u64>) -> Result<RecordedPage, JournalError> {
        let before = before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS}, c.outcome FROM calls c JOIN entries e ON e.seq = c.seq
             WHERE c.seq < ?1 ORDER BY c.seq DESC LIMIT ?2"
        ))?;
        let rows = statement.query_map(params![before, PAGE as i64], |row| {
            Ok((Kept::from_row(row)?, row.get::<_, String>(AFTER)?))
        })?;
        let mut page = RecordedPage::default();
        let mut seen = 0;
        for row in rows {
            let (kept, outcome) = row?;
            seen += 1;
            page.before = Some(kept.seq);
            match judged(&kept, &self.seals) {
                Some((call, facts, decision)) => page.calls.push(RecordedCall {
                    seq: kept.seq,
                    at: kept.at,
                    call,
                    facts,
                    decision,
                    outcome: ActivityOutcome::from_name(&outcome),
                    hold: kept.hold.as_deref().and_then(|hold| hold.parse().ok()),
                    arguments: arguments_kept(&kept, &self.seals),
                }),
                None => page.unreadable += 1,
            }
        }
        if seen < PAGE {
            page.before = None;
        }
        Ok(page)
    }

    /// The same one by one, for those that fit; what cannot be judged again is passed over.
    #[must_use]
    pub fn calls_on_record(&self, filter: CallFilter) -> CallsOnRecord<'_> {
        CallsOnRecord { journal: self, filter, page: VecDeque::new(), is_over: false }
    }
}

impl Iterator for CallsOnRecord<'_> {
    type Item = Result<RecordedCall, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.page.is_empty() && !self.is_over {
            match self.journal.recorded_calls(self.filter.before) {
                Ok(page) => {
                    self.filter.before = page.before;
                    self.is_over = page.before.is_none();
                    self.page.extend(page.calls.into_iter().filter(|call| self.filter.fits(call)));
                }
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        self.page.pop_front().map(Ok)
    }
}

impl CallFilter {
    fn fits(&self, recorded: &RecordedCall) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        self.since.is_none_or(|since| recorded.at >= since)
            && is(&self.agent, recorded.call.agent.as_str())
            && is(&self.upstream, recorded.call.upstream.as_str())
            && is(&self.tool, recorded.call.tool.as_str())
    }
}

pub(crate) fn judged(kept: &Kept, seals: &Seals) -> Option<(ToolCall, Facts, Decision)> {
    match kept.kind.as_str() {
        HOLD_OPENED => {
            let opened = kept.read::<Opened>(seals).ok()?;
            Some((opened.call, opened.facts, opened.decision))
        }
        RELEASED => {
            let allowed = kept.read::<ReleasedBody>(seals).ok()?.allowed?;
            Some((Arc::unwrap_or_clone(allowed.call), allowed.facts, allowed.decision))
        }
        REFUSED => {
            let body = kept.read::<RefusedBody>(seals).ok()?;
            Some((body.call, body.facts, body.decision))
        }
        _ => None,
    }
}

fn arguments_kept(kept: &Kept, seals: &Seals) -> ArgumentsKept {
    match kept.open(seals) {
        Opening::Body(body) if redact::redaction_of(&body).is_some() => ArgumentsKept::Redacted,
        _ => ArgumentsKept::AsAsked,
    }
}
