//! From a release to what may be forwarded, and how it ended.
//!
//! INVARIANT(I1, I2, I3): [`Journal::commit`] alone makes a [`JournalledCall`], by consuming a
//! [`ReleasedCall`]; a held call's is on the disk before it exists, and a UNIQUE constraint lets each release
//! and each call through once. The record itself must show the hold as approved.

use crate::activity::ActivityOutcome;
use crate::chain::About;
use crate::index::{self, Names};
use crate::write::{Draft, Durability};
use crate::{Journal, JournalError, grants, holds, redact};
use approvals::{Basis, HoldId, HoldState, Refusal, ReleaseId, ReleasedCall};
use policy::{CallDigest, Decision, Facts, Timestamp, ToolCall};
use rusqlite::{ErrorCode, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError};

/// A recorded release: what `forward` takes. It can be made, copied or read from nowhere else.
#[derive(Debug)]
#[must_use = "a recorded release that is not forwarded ends as unknown"]
pub struct JournalledCall {
    call: Arc<ToolCall>,
    release: ReleaseId,
    basis: Basis,
}

impl JournalledCall {
    #[must_use]
    pub fn call(&self) -> &ToolCall {
        &self.call
    }

    #[must_use]
    pub fn release(&self) -> &ReleaseId {
        &self.release
    }

    #[must_use]
    pub fn basis(&self) -> &Basis {
        &self.basis
    }
}

/// How a released call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// The upstream answered. `is_error` is the tool's own word.
    Answered {
        is_error: bool,
        bytes: u64,
        sha256: String,
        /// The answer itself, only by choice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// It did not reach the tool.
    Failed { why: String },
    /// Refused between its release and its way up; nothing was sent.
    Refused { refusal: Refusal },
    /// It may have run or not.
    Unknown,
}

impl Completion {
    /// Of an answer as it came.
    #[must_use]
    pub fn answered(is_error: bool, answer: &[u8]) -> Completion {
        let sha256 = Sha256::digest(answer).iter().map(|byte| format!("{byte:02x}")).collect();
        Completion::Answered { is_error, bytes: answer.len() as u64, sha256, content: None }
    }

    /// With the answer, what is marked secret by its name left out and long texts cut, to 64 KB.
    #[must_use]
    pub fn with_content(mut self, answer: &str) -> Completion {
        if let Completion::Answered { content, .. } = &mut self {
            *content = Some(redact::answer(answer));
        }
        self
    }
}

pub(crate) const RELEASED: &str = "call_released";
pub(crate) const COMPLETED: &str = "call_completed";

/// The body of a `call_released` entry. Call, facts and decision of a held call are in its `hold_opened`.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReleasedBody {
    pub(crate) at: Timestamp,
    pub(crate) release: ReleaseId,
    pub(crate) digest: CallDigest,
    /// Of the set that let it go.
    pub(crate) revision: String,
    pub(crate) basis: Basis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) allowed: Option<AllowedBody>,
}

/// A call that no policy held, as it was judged.
#[derive(Serialize, Deserialize)]
pub(crate) struct AllowedBody {
    pub(crate) call: Arc<ToolCall>,
    pub(crate) facts: Facts,
    pub(crate) decision: Decision,
}

impl Journal {
    /// Spends a release. A held call's is on the disk when this returns, and everything recorded before it. That of
    /// a call which no policy holds is queued: see `queue` for what the end of the process may take.
    ///
    /// # Errors
    /// Nothing may be forwarded then. [`JournalError::AlreadyReleased`], [`JournalError::NotApproved`],
    /// [`JournalError::Behind`], or why it could not be written.
    pub fn commit(&self, released: ReleasedCall) -> Result<JournalledCall, JournalError> {
        let parts = released.into_parts();
        let (call, release, basis) = (Arc::new(parts.call), parts.id.clone(), parts.basis.clone());
        let mut body = ReleasedBody {
            at: parts.at,
            release: parts.id,
            digest: parts.digest,
            revision: parts.decision.revision.clone(),
            basis: parts.basis,
            allowed: None,
        };
        match &basis {
            Basis::Policy { .. } => {
                self.is_spent(&release)?;
                let (facts, decision) = (parts.facts, parts.decision);
                body.allowed = Some(AllowedBody { call: Arc::clone(&call), facts, decision });
                self.pen.push_release(body)?;
            }
            Basis::Continued { .. } | Basis::Grant { .. } | Basis::Window { .. } => {
                let (facts, decision) = (parts.facts, parts.decision);
                body.allowed = Some(AllowedBody { call: Arc::clone(&call), facts, decision });
                self.write(Durability::Synced, |draft| {
                    if let Basis::Grant { grant, uses } = &body.basis {
                        grants::use_grant(draft, (grant, &body.release), *uses)?;
                    }
                    release_allowed(draft, &body)
                })?;
                self.pen.note_running(&release);
            }
            Basis::Votes { hold, .. } => {
                self.write(Durability::Synced, |draft| release_held(draft, hold, &body))?;
                self.pen.note_running(&release);
            }
        }
        Ok(JournalledCall { call, release, basis })
    }

    /// INVARIANT(I2): a release that is on record goes no second time. Those of this process are known to the queue.
    fn is_spent(&self, release: &ReleaseId) -> Result<(), JournalError> {
        let Some(lookup) = &self.lookup else { return Err(JournalError::ReadOnly) };
        let lookup = lookup.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = lookup.prepare_cached("SELECT 1 FROM releases WHERE release = ?1")?;
        if statement.exists(params![release.as_str()])? {
            return Err(JournalError::AlreadyReleased(release.clone()));
        }
        Ok(())
    }

    /// Records how a released call ended. Queued: lost with the process, the call shows as unknown.
    ///
    /// # Errors
    /// [`JournalError::UnknownRelease`], [`JournalError::AlreadyCompleted`], or why it could not be written.
    pub fn complete(&self, release: &ReleaseId, outcome: &Completion) -> Result<(), JournalError> {
        if self.pen.push_completion(release, outcome)? {
            return Ok(());
        }
        self.write(Durability::Buffered, |draft| complete(draft, release, outcome))
    }
}

pub(crate) fn release_allowed(draft: &mut Draft<'_>, body: &ReleasedBody) -> Result<(), JournalError> {
    let Some(allowed) = &body.allowed else { return Err(JournalError::UnknownRelease(body.release.clone())) };
    spend(draft, &body.release, None, draft.next_seq())?;
    let about = About { hold: None, release: Some(&body.release) };
    let seq = redact::append(draft, RELEASED, about, body, &allowed.call)?;
    let names = Names::of(&allowed.call);
    index::add_call(draft, seq, names, None, ActivityOutcome::Running, Some(&allowed.decision))
}

fn release_held(draft: &mut Draft<'_>, hold: &HoldId, body: &ReleasedBody) -> Result<(), JournalError> {
    let (held, call) = holds::as_recorded(draft, hold)?;
    spend(draft, &body.release, Some(hold), call)?;
    let found = match held.state() {
        HoldState::Approved { .. } if held.digest() == body.digest => None,
        HoldState::Approved { .. } => Some("another call"),
        HoldState::Waiting => Some("waiting"),
        HoldState::Released { .. } => return Err(JournalError::AlreadyReleased(body.release.clone())),
        HoldState::Ended { verdict, .. } => Some(verdict.name()),
    };
    if let Some(found) = found {
        return Err(JournalError::NotApproved { hold: hold.clone(), found });
    }
    draft.append(RELEASED, About { hold: Some(hold), release: Some(&body.release) }, body).map(drop)
}

/// INVARIANT(I2): the constraints on this table are what makes a release, and the call of a hold, go once.
fn spend(
    draft: &Draft<'_>,
    release: &ReleaseId,
    hold: Option<&HoldId>,
    call: u64,
) -> Result<(), JournalError> {
    let inserted = draft
        .sql
        .prepare_cached("INSERT INTO releases (release, hold, call) VALUES (?1, ?2, ?3)")?
        .execute(params![release.as_str(), hold.map(HoldId::as_str), call]);
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(JournalError::AlreadyReleased(release.clone()))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn complete(
    draft: &mut Draft<'_>,
    release: &ReleaseId,
    outcome: &Completion,
) -> Result<(), JournalError> {
    let row = draft
        .sql
        .prepare_cached("SELECT call, hold, completed FROM releases WHERE release = ?1")?
        .query_row(params![release.as_str()], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<u64>>(2)?))
        })
        .optional()?;
    let (call, hold, completed) = row.ok_or_else(|| JournalError::UnknownRelease(release.clone()))?;
    if completed.is_some() {
        return Err(JournalError::AlreadyCompleted(release.clone()));
    }
    let hold = hold.and_then(|hold| hold.parse::<HoldId>().ok());
    let seq = draft.append(COMPLETED, About { hold: hold.as_ref(), release: Some(release) }, outcome)?;
    draft
        .sql
        .prepare_cached("UPDATE releases SET completed = ?2 WHERE release = ?1")?
        .execute(params![release.as_str(), seq])?;
    index::finish_call(draft, call, seq, outcome)?;
    match &hold {
        // It was sent: nobody needs the whole of it any more.
        Some(hold) => redact::ended_hold(draft, hold),
        None => Ok(()),
    }
}

/// At start: what was released and not completed may have run or not, and nobody will ever say.
pub(crate) fn end_unknown(draft: &mut Draft<'_>) -> Result<usize, JournalError> {
    let running: Vec<String> = draft
        .sql
        .prepare_cached(
            "SELECT r.release FROM (SELECT seq FROM calls WHERE outcome = 'running'
                UNION SELECT seq FROM calls INDEXED BY calls_by_end WHERE hold IS NOT NULL AND ended_at IS NULL) c
             JOIN releases r ON r.call = c.seq WHERE r.completed IS NULL ORDER BY r.call",
        )?
        .query_map(params![], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut ended = 0;
    for release in running {
        let Ok(release) = release.parse::<ReleaseId>() else { continue };
        complete(draft, &release, &Completion::Unknown)?;
        ended += 1;
    }
    Ok(ended)
}
