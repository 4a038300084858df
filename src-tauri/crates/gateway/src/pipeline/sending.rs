//! The last stretch of a released call: recorded, forwarded, and its completion recorded.

use super::{Incoming, Stop, blocking};
use crate::desk::DeskEvent;
use crate::edits;
use crate::engine::Engine;
use crate::outcomes::Outcome;
use crate::refusal;
use crate::slip::Answered;
use crate::ticket::Ticket;
use crate::upstream::{Along, Reply, UpstreamError, UpstreamSession};
use approvals::{Basis, Continuation, Refusal, ReleaseId, ReleasedCall};
use journal::{Completion, JournalError, JournalledCall};
use policy::{CallDigest, PathFact, UpstreamName, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A release on record, and what is needed of it once it went up.
pub(super) struct Recorded {
    call: JournalledCall,
    release: ReleaseId,
    digest: CallDigest,
    basis: Basis,
    /// Asked and sent, where an approver put in arguments of their own.
    edited: Option<(Value, Value)>,
    continuation: Continuation,
    paths: BTreeMap<String, PathFact>,
}

/// INVARIANT(I3): a held call's release is on the disk before this returns what `forward` takes. Blocks on it.
pub(super) fn record(engine: &Engine, released: ReleasedCall) -> Result<Recorded, JournalError> {
    let (release, digest, basis) = (released.id().clone(), released.digest(), released.basis().clone());
    let edited = released.asked().map(|asked| (asked.clone(), released.call().arguments.clone()));
    let (continuation, paths) = (released.continuation(), released.facts().paths.clone());
    match engine.journal().commit(released) {
        Ok(call) => Ok(Recorded { call, release, digest, basis, edited, continuation, paths }),
        Err(error) => {
            engine.desk().give_back(&basis);
            Err(error)
        }
    }
}

/// Recorded, then sent. `ticket` is the place at the hold it comes from.
pub(super) async fn run(
    engine: &Arc<Engine>,
    released: ReleasedCall,
    ticket: Option<Ticket>,
    incoming: Incoming,
) -> Result<Answered, Stop> {
    let recording = Arc::clone(engine);
    match blocking(move || record(&recording, released)).await? {
        Ok(recorded) => send(engine, recorded, ticket, incoming).await,
        Err(error) => {
            if let Some(ticket) = ticket {
                let (desk, hold) = (Arc::clone(engine.desk()), ticket.hold().clone());
                blocking(move || desk.unclaim(&hold)).await?;
            }
            Err(error.into())
        }
    }
}

/// Forwarded, then its completion recorded.
pub(super) async fn send(
    engine: &Arc<Engine>,
    recorded: Recorded,
    ticket: Option<Ticket>,
    mut incoming: Incoming,
) -> Result<Answered, Stop> {
    let Recorded { call, release, digest, basis, edited, continuation, paths } = recorded;
    let upstream = incoming.upstream.name.clone();
    engine.desk().note_run(digest, engine.desk().clock().now());
    engine.desk().note_use(&basis);
    let Incoming { extras, envelope, omits_arguments, .. } = &mut incoming;
    let along = Along {
        params: std::mem::take(extras),
        envelope: std::mem::take(envelope),
        // What an approver put in is sent even where the agent sent nothing.
        omits_arguments: *omits_arguments && edited.is_none(),
        paths,
    };
    let sent = incoming.session.forward(call, along, incoming.route).await;
    let sent = sent.map(|reply| match &edited {
        Some((asked, sent)) => edits::told(reply, asked, sent),
        None => reply,
    });
    let completion = match &sent {
        Ok(reply) => answered(reply, engine.settings().journal.full_results),
        Err(error) if error.was_sent() => Completion::Unknown,
        Err(UpstreamError::PathMoved { .. }) => Completion::Refused { refusal: Refusal::PathMoved },
        Err(error) => Completion::Failed { why: error.to_string() },
    };
    let bytes = if let Completion::Answered { bytes, .. } = &completion { *bytes } else { 0 };
    // Queued: it waits for nothing.
    if let Err(error) = engine.journal().complete(&release, &completion) {
        tracing::error!(%error, "a completion could not be recorded; it shows as unknown");
    }
    engine.desk().send(DeskEvent::Activity);
    if let Ok(reply) = &sent {
        let now = engine.desk().clock().now();
        engine.continuations().note(reply, &upstream, continuation, now);
        engine.born_tasks().note(reply, &incoming.agent.name, &upstream, now);
    }
    let (reply, outcome) = match sent {
        Ok(reply) => {
            // Only the answer of a held call may be asked for again.
            let kept = ticket.as_ref().map(|_| Outcome::Answered(Arc::new(reply.clone())));
            (reply, kept)
        }
        Err(UpstreamError::PathMoved { at }) => {
            tracing::warn!(%upstream, tool = incoming.tool, at, "a path leads elsewhere than when it was judged");
            let hold = ticket.as_ref().map(Ticket::hold);
            let own = refusal::fit(refusal::reply(&Refusal::PathMoved, hold), incoming.patience.era);
            (own, Some(Outcome::Refused(Refusal::PathMoved)))
        }
        Err(error) => {
            note_turned(engine, &incoming.session, &upstream, &incoming.tool).await?;
            engine.note_upstream_error(&incoming.upstream.name, &error.to_string());
            let (code, outcome) = if error.was_sent() {
                ("outcome_unknown", Outcome::Unknown)
            } else {
                ("upstream_failed", Outcome::Failed(error.for_agent()))
            };
            let own = refusal::fit(refusal::failed(code, &error.for_agent()), incoming.patience.era);
            (own, Some(outcome))
        }
    };
    let slip = ticket.zip(outcome).map(|(ticket, outcome)| {
        engine.desk().finish(ticket.hold(), outcome, bytes);
        ticket.slip()
    });
    Ok(Answered { reply, slip })
}

/// An upstream that runs only for a proven call shows only then that a tool is not the pinned one any more.
async fn note_turned(
    engine: &Arc<Engine>,
    session: &UpstreamSession,
    upstream: &UpstreamName,
    tool: &str,
) -> Result<(), Stop> {
    let Some(definition) = session.take_turned() else { return Ok(()) };
    let (noting, upstream, tool) = (Arc::clone(engine), upstream.clone(), tool.to_owned());
    let noted = blocking(move || noting.note_changed_tool(&upstream, &tool, &definition)).await?;
    if let Err(error) = noted {
        tracing::error!(%error, "how a tool changed could not be noted");
    }
    Ok(())
}

fn answered(reply: &Reply, in_full: bool) -> Completion {
    let completion = Completion::answered(reply.is_error(), reply.text().as_bytes());
    if in_full { completion.with_content(&reply.text()) } else { completion }
}
