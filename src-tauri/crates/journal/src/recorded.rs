//! Recorded calls with the facts they were judged by, newest first, for whoever tries a draft on history.
//!
//! Read a page at a time: no reader stays open between pages, and memory holds one page. What cannot be judged
//! again (sealed with another key, removed, or turned away before it was judged) is counted, never guessed.

use crate::activity::ActivityOutcome;
use crate::entry::{HOLD_OPENED, REFUSED};
use crate::index::STANDS;
use crate::read::{AFTER, COLUMNS, Kept};
use crate::redact::Redaction;
use crate::release::RELEASED;
use crate::seal::Seals;
use crate::{Journal, JournalError};
use approvals::HoldId;
use policy::backtest::Recorded;
use policy::{Decision, Facts, Timestamp, ToolCall, Value};
use rusqlite::params;
use serde::Deserialize;
use std::collections::VecDeque;

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
    stretch: VecDeque<Result<RecordedCall, u64>>,
    is_over: bool,
    unreadable: u64,
    last: Option<u64>,
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

/// One call on record, or the number of one that cannot be judged again.
type Stretch = Vec<Result<RecordedCall, u64>>;

impl Journal {
    /// The newest calls older than entry `before`, or the newest of all.
    ///
    /// # Errors
    /// What the database says.
    pub fn recorded_calls(&self, before: Option<u64>) -> Result<RecordedPage, JournalError> {
        let (stretch, before) = self.stretch(before, None)?;
        let mut page = RecordedPage { before, ..RecordedPage::default() };
        for one in stretch {
            match one {
                Ok(call) => page.calls.push(call),
                Err(_) => page.unreadable += 1,
            }
        }
        Ok(page)
    }

    /// A stretch of the record in its order, without what is older than `since`, and where the next one begins. A whole
    /// stretch of older ones is the end; a few may stem from a clock that was set meanwhile.
    fn stretch(
        &self,
        before: Option<u64>,
        since: Option<Timestamp>,
    ) -> Result<(Stretch, Option<u64>), JournalError> {
        let before = before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS}, {STANDS} FROM calls c JOIN entries e ON e.seq = c.seq
             WHERE c.seq < ?1 ORDER BY c.seq DESC LIMIT ?2"
        ))?;
        let rows = statement.query_map(params![before, PAGE as i64], |row| {
            Ok((Kept::from_row(row)?, row.get::<_, String>(AFTER)?))
        })?;
        let (mut stretch, mut next) = (Stretch::new(), None);
        let (mut read, mut older) = (0, 0);
        for row in rows {
            let (kept, outcome) = row?;
            next = Some(kept.seq);
            read += 1;
            if since.is_some_and(|since| kept.at < since) {
                older += 1;
                continue;
            }
            stretch.push(match judged_body(&kept, &self.seals) {
                Some(JudgedBody { call, facts, decision, redacted }) => Ok(RecordedCall {
                    seq: kept.seq,
                    at: kept.at,
                    call,
                    facts,
                    decision,
                    outcome: ActivityOutcome::from_name(&outcome),
                    hold: kept.hold.as_deref().and_then(|hold| hold.parse().ok()),
                    arguments: match redacted {
                        Some(_) => ArgumentsKept::Redacted,
                        None => ArgumentsKept::AsAsked,
                    },
                }),
                None => Err(kept.seq),
            });
        }
        let is_last = read < PAGE || older == read;
        Ok((stretch, next.filter(|_| !is_last)))
    }

    /// The same one by one, for those that fit; what cannot be judged again is passed over, and counted.
    #[must_use]
    pub fn calls_on_record(&self, filter: CallFilter) -> CallsOnRecord<'_> {
        CallsOnRecord {
            journal: self,
            filter,
            stretch: VecDeque::new(),
            is_over: false,
            unreadable: 0,
            last: None,
        }
    }
}

impl CallsOnRecord<'_> {
    /// Calls passed so far that cannot be judged again. Whoever stops, and goes on with [`CallFilter::before`] set to
    /// [`CallsOnRecord::last`], counts none of them twice.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// The oldest call that was passed.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.last
    }
}

impl Iterator for CallsOnRecord<'_> {
    type Item = Result<RecordedCall, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.stretch.pop_front() {
                Some(Ok(call)) => {
                    self.last = Some(call.seq);
                    if self.filter.fits(&call) {
                        return Some(Ok(call));
                    }
                }
                Some(Err(seq)) => (self.last, self.unreadable) = (Some(seq), self.unreadable + 1),
                None if self.is_over => return None,
                None => match self.journal.stretch(self.filter.before, self.filter.since) {
                    Ok((stretch, next)) => {
                        (self.filter.before, self.is_over) = (next, next.is_none());
                        self.stretch.extend(stretch);
                    }
                    Err(error) => {
                        self.is_over = true;
                        return Some(Err(error));
                    }
                },
            }
        }
    }
}

/// The calls on record for [`policy::backtest`], which takes no errors. One of whose arguments not all is on record is
/// passed over like one that cannot be read: what is left may read otherwise than what was sent.
pub struct PastCalls<'a> {
    calls: CallsOnRecord<'a>,
    redacted: u64,
    last: Option<(u64, Timestamp)>,
    error: Option<JournalError>,
}

/// What opens a past call, and what is shown of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PastCall {
    /// Of the entry that began it.
    pub seq: u64,
    pub at: Timestamp,
    pub agent: String,
    /// The user's name.
    pub user: String,
    pub arguments: Value,
}

/// What was met on the way.
#[derive(Debug)]
pub struct PastTold {
    /// Calls that cannot be judged again, each counted once.
    pub unreadable: u64,
    /// Where the next run goes on, and when that call was.
    pub last: Option<(u64, Timestamp)>,
    /// The reading broke off here.
    pub error: Option<JournalError>,
}

impl<'a> PastCalls<'a> {
    /// Those older than entry `before`, or all.
    #[must_use]
    pub fn new(journal: &'a Journal, before: Option<u64>) -> PastCalls<'a> {
        let calls = journal.calls_on_record(CallFilter { before, ..CallFilter::default() });
        PastCalls { calls, redacted: 0, last: None, error: None }
    }

    /// None of those begun before this time.
    #[must_use]
    pub fn since(mut self, time: Timestamp) -> PastCalls<'a> {
        self.calls.filter.since = Some(time);
        self
    }

    #[must_use]
    pub fn told(self) -> PastTold {
        PastTold { unreadable: self.calls.unreadable() + self.redacted, last: self.last, error: self.error }
    }
}

impl Iterator for PastCalls<'_> {
    type Item = Recorded<PastCall>;

    fn next(&mut self) -> Option<Recorded<PastCall>> {
        loop {
            let RecordedCall { seq, at, call, facts, arguments, .. } = match self.calls.next()? {
                Ok(call) => call,
                Err(error) => {
                    self.error = Some(error);
                    return None;
                }
            };
            self.last = Some((seq, at));
            if arguments == ArgumentsKept::Redacted {
                self.redacted += 1;
                continue;
            }
            let (agent, user) = (call.agent.to_string(), facts.user.name.clone());
            let key = PastCall { seq, at, agent, user, arguments: call.arguments.clone() };
            return Some(Recorded { key, call, facts });
        }
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

/// The members of a body that judging it again takes; all in one reading.
#[derive(Deserialize)]
struct JudgedBody {
    call: ToolCall,
    facts: Facts,
    decision: Decision,
    #[serde(default)]
    redacted: Option<Redaction>,
}

#[derive(Deserialize)]
struct AllowedRead {
    allowed: Option<JudgedBody>,
    #[serde(default)]
    redacted: Option<Redaction>,
}

fn judged_body(kept: &Kept, seals: &Seals) -> Option<JudgedBody> {
    match kept.kind.as_str() {
        HOLD_OPENED | REFUSED => kept.read(seals).ok(),
        RELEASED => {
            let AllowedRead { allowed, redacted } = kept.read(seals).ok()?;
            Some(JudgedBody { redacted, ..allowed? })
        }
        _ => None,
    }
}

pub(crate) fn judged(kept: &Kept, seals: &Seals) -> Option<(ToolCall, Facts, Decision)> {
    let JudgedBody { call, facts, decision, .. } = judged_body(kept, seals)?;
    Some((call, facts, decision))
}
