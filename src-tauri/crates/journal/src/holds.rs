//! A hold's life on record: what happened to it, in order, so that it can be taken up again after a restart.
//!
//! Nothing enters the record that does not fit what is on it already: each event is applied to the replayed
//! hold first. What is open is told by the chained entries, not by the index.

use crate::activity::ActivityOutcome;
use crate::approved::Recorded;
use crate::chain::About;
use crate::entry::HOLD_OPENED;
use crate::grants::BESIDE;
use crate::read::{Kept, of_hold};
use crate::release::{COMPLETED, RELEASED, ReleasedBody};
use crate::seal::{Opening, Seals};
use crate::write::Draft;
use crate::{Journal, JournalError, index, redact};
use approvals::{Event, HeldCall, HoldId, HoldState, Opened};
use policy::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

/// A hold's beginning and everything that happened to it.
pub type Course = (Opened, Vec<(Timestamp, Event)>);

/// Recorded at start for a hold whose beginning was sealed with another root key.
pub(crate) const LOST: &str = "hold_lost";

/// Recorded once somebody read what came of a hold.
pub(crate) const READ: &str = "outcome_read";

#[derive(Serialize, Deserialize)]
struct EventBody {
    at: Timestamp,
    event: Event,
}

#[derive(Serialize)]
struct LostBody {
    why: &'static str,
}

/// The body of an entry whose kind says it all.
#[derive(Serialize)]
struct NothingMore {}

fn kind_of(event: &Event) -> Option<&'static str> {
    match event {
        Event::Voted(_) => Some("vote_cast"),
        Event::Proven(_) => Some("presence_proven"),
        Event::Extended { .. } => Some("deadline_extended"),
        Event::DeadlinePassed => Some("deadline_passed"),
        Event::Withdrawn { .. } => Some("hold_withdrawn"),
        Event::Rejudged(_) => Some("hold_rejudged"),
        Event::PeopleChanged(_) => Some("voters_changed"),
        Event::CollectionPassed => Some("collection_passed"),
        Event::Claimed { .. } => None,
    }
}

fn outcome_of(state: &HoldState) -> ActivityOutcome {
    match state {
        HoldState::Waiting => ActivityOutcome::Waiting,
        HoldState::Approved { .. } => ActivityOutcome::Approved,
        HoldState::Released { .. } => ActivityOutcome::Running,
        HoldState::Ended { verdict, .. } => ActivityOutcome::of_verdict(verdict),
    }
}

pub(crate) fn assemble(entries: &[Kept], seals: &Seals) -> Result<Option<Course>, JournalError> {
    let mut opened: Option<Opened> = None;
    let mut events = Vec::new();
    for entry in entries {
        match entry.kind.as_str() {
            HOLD_OPENED => opened = Some(entry.read(seals)?),
            RELEASED => {
                let body: ReleasedBody = entry.read(seals)?;
                events.push((body.at, Event::Claimed { release: body.release }));
            }
            COMPLETED | LOST | READ => {}
            kind if BESIDE.contains(&kind) => {}
            _ => {
                let body: EventBody = entry.read(seals)?;
                events.push((body.at, body.event));
            }
        }
    }
    Ok(opened.map(|opened| (opened, events)))
}

/// What an entry says happened to its hold; none where it is another kind of entry, or cannot be read.
pub(crate) fn event_of(entry: &Kept, seals: &Seals) -> Option<Event> {
    if matches!(entry.kind.as_str(), HOLD_OPENED | RELEASED | COMPLETED | LOST | READ)
        || BESIDE.contains(&entry.kind.as_str())
    {
        return None;
    }
    entry.read::<EventBody>(seals).ok().map(|body| body.event)
}

/// The hold as this draft's record has it.
pub(crate) fn as_recorded(draft: &mut Draft<'_>, hold: &HoldId) -> Result<Recorded, JournalError> {
    if let Some(recorded) = draft.approved.take(hold) {
        return Ok(recorded);
    }
    let call = index::call_of_hold(draft, hold)?.ok_or_else(|| JournalError::UnknownHold(hold.clone()))?;
    Ok((replayed(draft.sql, draft.seals, hold)?, call))
}

/// The hold as its entries have it.
fn replayed(connection: &Connection, seals: &Seals, hold: &HoldId) -> Result<HeldCall, JournalError> {
    let course = assemble(&of_hold(connection, hold.as_str())?, seals)?;
    let (opened, events) = course.ok_or_else(|| JournalError::UnknownHold(hold.clone()))?;
    HeldCall::replay(opened, &events)
        .map_err(|source| JournalError::DoesNotFit { hold: hold.clone(), source })
}

pub(crate) fn record_event(
    draft: &mut Draft<'_>,
    hold: &HoldId,
    event: Event,
    at: Timestamp,
) -> Result<u64, JournalError> {
    let kind = kind_of(&event).ok_or_else(|| JournalError::ClaimWithoutRelease(hold.clone()))?;
    let (mut held, call) = as_recorded(draft, hold)?;
    held.apply(event.clone(), at)
        .map_err(|source| JournalError::DoesNotFit { hold: hold.clone(), source })?;
    let body = EventBody { at, event };
    let seq = draft.append(kind, About { hold: Some(hold), release: None }, &body)?;
    let decision = match &body.event {
        Event::Rejudged(decision) => Some(decision),
        _ => None,
    };
    index::set_hold_outcome(draft, hold, seq, outcome_of(held.state()), decision)?;
    match held.state() {
        HoldState::Ended { .. } => redact::ended_hold(draft, hold)?,
        HoldState::Approved { .. } => draft.approved.keep((held, call)),
        HoldState::Waiting | HoldState::Released { .. } => {}
    }
    Ok(seq)
}

pub(crate) fn record_read(draft: &mut Draft<'_>, hold: &HoldId) -> Result<u64, JournalError> {
    index::call_of_hold(draft, hold)?.ok_or_else(|| JournalError::UnknownHold(hold.clone()))?;
    draft.append(READ, About { hold: Some(hold), release: None }, &NothingMore {})
}

/// Holds that the index has as open.
fn open_ids(connection: &Connection) -> Result<Vec<String>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT hold FROM calls c INDEXED BY calls_by_end
         WHERE c.hold IS NOT NULL AND c.ended_at IS NULL AND c.outcome IN ('waiting', 'approved')
         AND NOT EXISTS (SELECT 1 FROM releases r WHERE r.call = c.seq) ORDER BY c.seq",
    )?;
    let rows = statement.query_map(params![], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// At start: a hold that was sealed with another root key can never be decided, and ends.
pub(crate) fn end_lost(draft: &mut Draft<'_>) -> Result<usize, JournalError> {
    let mut lost = 0;
    for hold in open_ids(draft.sql)? {
        let other_key = |entry: &Kept| matches!(entry.open(draft.seals), Opening::OtherKey);
        if !of_hold(draft.sql, &hold)?.iter().any(other_key) {
            continue;
        }
        let Ok(id) = hold.parse::<HoldId>() else { continue };
        let why = "it was sealed with a root key that is gone, so it cannot be read or decided";
        let seq = draft.append(LOST, About { hold: Some(&id), release: None }, &LostBody { why })?;
        index::set_hold_outcome(draft, &id, seq, ActivityOutcome::Withdrawn, None)?;
        lost += 1;
    }
    Ok(lost)
}

impl Journal {
    /// Holds that wait or are approved, oldest first, with what happened to them. One that cannot be read any
    /// more is left out; [`Journal::verify`] names its entry.
    ///
    /// # Errors
    /// What the database says.
    pub fn open_holds(&self) -> Result<Vec<Course>, JournalError> {
        let reader = self.reader();
        let mut open = Vec::new();
        for hold in open_ids(&reader)? {
            let course = match assemble(&of_hold(&reader, &hold)?, &self.seals) {
                Ok(Some(course)) => course,
                Ok(None) | Err(JournalError::Unreadable(_)) => continue,
                Err(error) => return Err(error),
            };
            // One that does not replay is the desk's to tell.
            let held = HeldCall::replay(course.0.clone(), &course.1);
            let is_over =
                |held: HeldCall| matches!(held.state(), HoldState::Released { .. } | HoldState::Ended { .. });
            if !held.is_ok_and(is_over) {
                open.push(course);
            }
        }
        Ok(open)
    }

    /// The entry that began the call of a hold.
    ///
    /// # Errors
    /// What the database says.
    pub fn call_of(&self, hold: &HoldId) -> Result<Option<u64>, JournalError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached("SELECT seq FROM calls WHERE hold = ?1")?;
        Ok(statement.query_row(params![hold.as_str()], |row| row.get(0)).optional()?)
    }

    /// One hold, open or ended; none where it is not on record.
    ///
    /// # Errors
    /// What the database says, or [`JournalError::Unreadable`].
    pub fn hold(&self, hold: &HoldId) -> Result<Option<Course>, JournalError> {
        assemble(&of_hold(&self.reader(), hold.as_str())?, &self.seals)
    }
}
