//! Over the list of calls: how many there were when and how they ended, and of one call why and what happened to it.
//! The journal counts and the decision on record tells; nothing is judged anew.

use crate::activity;
use crate::authoring::tried_policy;
use crate::authoring::tried_wire::TriedPolicy;
use crate::host::{Host, blocking};
use crate::wire::{ActivityOutcome, ActivityRequest, IpcError};
use approvals::{Choice, Event};
use gateway::Engine;
use gateway::card::means_words;
use journal::{Course, JournalError};
use policy::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;

#[derive(Clone, Debug, Deserialize, TS)]
pub struct CountsRequest {
    /// Where each bucket begins and the last one ends, epoch milliseconds; at most 401, at quarters of an hour.
    #[ts(type = "number[]")]
    pub edges: Vec<i64>,
    /// Which calls; `before`, `limit`, `since` and `until` do not count.
    pub filters: ActivityRequest,
}

#[derive(Clone, Debug, Default, Serialize, TS)]
pub struct CountsView {
    /// Those above 0.
    pub counts: Vec<BucketCount>,
    /// When the oldest call on record began; to the quarter of an hour.
    #[ts(type = "number | null")]
    pub oldest: Option<i64>,
}

#[derive(Clone, Copy, Debug, Serialize, TS)]
pub struct BucketCount {
    /// From 0.
    pub bucket: usize,
    pub outcome: ActivityOutcome,
    #[ts(type = "number")]
    pub calls: u64,
}

#[derive(Clone, Copy, Debug, Deserialize, TS)]
pub struct TraceRequest {
    #[ts(type = "number")]
    pub seq: u64,
}

/// Why one call was decided as it was, and what happened to it.
#[derive(Clone, Debug, Serialize, TS)]
pub struct TraceView {
    /// No policy decided; the set's default did.
    pub by_default: bool,
    /// Those that look at such calls, deciding ones first.
    pub policies: Vec<TriedPolicy>,
    /// Oldest first.
    pub steps: Vec<TraceStep>,
}

#[derive(Clone, Debug, Serialize, TS)]
pub struct TraceStep {
    #[ts(type = "number")]
    pub at: i64,
    pub text: String,
}

impl Host {
    pub(crate) async fn activity_counts(&self, request: CountsRequest) -> Result<CountsView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || counts(&engine, &request)).await?
    }

    pub(crate) async fn activity_trace(&self, request: TraceRequest) -> Result<TraceView, IpcError> {
        let engine = Arc::clone(self.engine()?);
        blocking(move || trace(&engine, request.seq)).await?
    }
}

fn counts(engine: &Engine, request: &CountsRequest) -> Result<CountsView, IpcError> {
    let journal = engine.journal();
    let oldest = journal.oldest_call()?.map(|at| at.0);
    let Some(query) = activity::query(&request.filters) else {
        return Ok(CountsView { counts: Vec::new(), oldest });
    };
    let edges: Vec<Timestamp> = request.edges.iter().copied().map(Timestamp).collect();
    let found = journal.activity_counts(&edges, &query)?;
    let counts = found
        .into_iter()
        .map(|one| BucketCount { bucket: one.bucket, outcome: one.outcome.into(), calls: one.calls })
        .collect();
    Ok(CountsView { counts, oldest })
}

fn trace(engine: &Engine, seq: u64) -> Result<TraceView, IpcError> {
    let gone = || {
        let message = format!("call {seq} is no longer on record in a form that tells why");
        IpcError::new("no_trace", message, "history is kept for as long as the settings say")
    };
    let page = engine.journal().recorded_calls(seq.checked_add(1))?;
    let recorded = page.calls.into_iter().find(|call| call.seq == seq).ok_or_else(gone)?;
    let mut steps = vec![step(recorded.at, "Asked for".to_owned())];
    if let Some(hold) = &recorded.hold {
        // The decision above can be read although something of the hold cannot.
        match engine.journal().hold(hold) {
            Ok(Some(course)) => steps = happened(engine, course),
            Ok(None) | Err(JournalError::Unreadable(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut policies: Vec<TriedPolicy> = recorded
        .decision
        .trace
        .policies
        .into_iter()
        .map(|trace| tried_policy(trace, String::new()))
        .collect();
    policies.sort_by_key(|policy| (!policy.deciding, policy.applied == policy::Applied::No));
    Ok(TraceView { by_default: recorded.decision.trace.by_default, policies, steps })
}

fn step(at: Timestamp, text: String) -> TraceStep {
    TraceStep { at: at.0, text }
}

fn happened(engine: &Engine, (opened, events): Course) -> Vec<TraceStep> {
    let set = engine.sets().current();
    let name_of =
        |id: &policy::UserId| set.people.get(id).map_or_else(|| id.to_string(), |user| user.name.clone());
    let mut steps = vec![step(opened.at, "Asked for, and held".to_owned())];
    for (at, event) in events {
        let text = match event {
            Event::Voted(vote) => {
                let (who, place) = (name_of(&vote.by), means_words(vote.means));
                match vote.choice {
                    Choice::Approve => format!("{who} approved it {place}"),
                    Choice::ApproveEdited { .. } => format!("{who} approved it with changes {place}"),
                    Choice::Reject { reason: None } => format!("{who} rejected it {place}"),
                    Choice::Reject { reason: Some(reason) } => {
                        format!("{who} rejected it {place}: {}", gateway::visible::marked(&reason))
                    }
                }
            }
            Event::Proven(proof) => format!("{} proved that they are there", name_of(&proof.by)),
            Event::Extended { by } => format!("{} put the deadline off", name_of(&by)),
            Event::DeadlinePassed => "The deadline passed".to_owned(),
            Event::Withdrawn { why } => format!("Withdrawn: {}", gateway::visible::marked(&why)),
            Event::Rejudged(_) => "A newer set of policies judged it".to_owned(),
            Event::PeopleChanged(_) => {
                "People changed; votes stand for those who may still cast them".to_owned()
            }
            Event::Claimed { .. } => "Sent to its upstream".to_owned(),
            Event::CollectionPassed => "Its agent did not come back for it in time".to_owned(),
        };
        steps.push(step(at, text));
    }
    steps
}
