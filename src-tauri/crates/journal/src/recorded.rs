//! Past calls with what they were judged by, newest first: what a draft of a policy, or a grant that is about to be
//! made, is tried on. Read a page at a time, so that no reader stays open and little is in memory at once.

use crate::activity::{ActivityOutcome, bare};
use crate::entry::{HOLD_OPENED, REFUSED, RefusedBody};
use crate::read::{COLUMNS, Kept};
use crate::release::{RELEASED, ReleasedBody};
use crate::{Journal, JournalError};
use approvals::{HoldId, Opened};
use policy::{Decision, Facts, Timestamp, ToolCall};
use rusqlite::params;
use std::collections::VecDeque;

/// Calls read at once.
const PAGE: i64 = 128;

/// Which calls; an empty filter is all of them.
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

/// How much of a call's arguments is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentsKept {
    AsAsked,
    /// Values that are marked secret were left out, or long ones cut; the digest is of the call as it was asked.
    Redacted,
}

/// One call as it was asked and first judged.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedCall {
    /// Of the entry that began it.
    pub seq: u64,
    pub at: Timestamp,
    pub call: ToolCall,
    pub facts: Facts,
    pub decision: Decision,
    pub outcome: ActivityOutcome,
    pub hold: Option<HoldId>,
    pub arguments: ArgumentsKept,
}

/// See [`Journal::recorded_calls`].
pub struct RecordedCalls<'a> {
    journal: &'a Journal,
    filter: CallFilter,
    page: VecDeque<RecordedCall>,
    before: Option<i64>,
}

impl Journal {
    /// Every judged call on record that fits, newest first. Calls that were turned away unjudged, or that cannot be
    /// read any more (another root key, removed by retention), are passed over. Calls recorded meanwhile are not seen.
    #[must_use]
    pub fn recorded_calls(&self, filter: CallFilter) -> RecordedCalls<'_> {
        let before = filter.before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
        RecordedCalls { journal: self, filter, page: VecDeque::new(), before: Some(before) }
    }
}

impl Iterator for RecordedCalls<'_> {
    type Item = Result<RecordedCall, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.page.is_empty() {
            let before = self.before.take()?;
            match self.read(before) {
                Ok(last) => self.before = last,
                Err(error) => return Some(Err(error)),
            }
        }
        self.page.pop_front().map(Ok)
    }
}

impl RecordedCalls<'_> {
    /// Reads one page; returns where the next one begins, none after the last.
    fn read(&mut self, before: i64) -> Result<Option<i64>, JournalError> {
        let reader = self.journal.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS}, c.agent, c.user, c.upstream, c.tool, c.outcome, c.bytes, c.tool_error, c.ended_at
             FROM calls c JOIN entries e ON e.seq = c.seq WHERE c.seq < ?1 ORDER BY c.seq DESC LIMIT ?2"
        ))?;
        let mut rows = statement.query(params![before, PAGE])?;
        let (mut read, mut last) = (0, before);
        while let Some(row) = rows.next()? {
            let (kept, bare) = (Kept::from_row(row)?, bare(row)?);
            read += 1;
            last = row.get(0)?;
            let other = |wanted: &Option<String>, found: &str| wanted.as_ref().is_some_and(|w| w != found);
            let filter = &self.filter;
            if filter.since.is_some_and(|since| bare.at < since)
                || other(&filter.agent, &bare.agent)
                || other(&filter.upstream, &bare.upstream)
                || other(&filter.tool, &bare.tool)
            {
                continue;
            }
            match judged(&kept, self.journal) {
                Ok(Some((call, facts, decision))) => self.page.push_back(RecordedCall {
                    seq: kept.seq,
                    at: kept.at,
                    call,
                    facts,
                    decision,
                    outcome: bare.outcome,
                    hold: kept.hold.as_deref().and_then(|hold| hold.parse().ok()),
                    arguments: ArgumentsKept::AsAsked,
                }),
                Ok(None) | Err(JournalError::Unreadable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((read == PAGE).then_some(last))
    }
}

fn judged(kept: &Kept, journal: &Journal) -> Result<Option<(ToolCall, Facts, Decision)>, JournalError> {
    let seals = &journal.seals;
    Ok(match kept.kind.as_str() {
        REFUSED => {
            let body: RefusedBody = kept.read(seals)?;
            Some((body.call, body.facts, body.decision))
        }
        HOLD_OPENED => {
            let body: Opened = kept.read(seals)?;
            Some((body.call, body.facts, body.decision))
        }
        RELEASED => {
            let body: ReleasedBody = kept.read(seals)?;
            body.allowed.map(|allowed| (allowed.call, allowed.facts, allowed.decision))
        }
        _ => None,
    })
}
