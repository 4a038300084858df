//! Records the calls that no policy was asked about, or that found no place. Called by the pipeline; copies nothing
//! of a call that goes.

use crate::desk::DeskEvent;
use crate::engine::Engine;
use crate::home::Agent;
use approvals::Refusal;
use journal::Entry;
use policy::{UpstreamName, Value};
use std::sync::Arc;

/// A call that was refused before it could be judged or kept.
pub(crate) struct TurnedAway<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) upstream: &'a UpstreamName,
    pub(crate) tool: &'a str,
    pub(crate) arguments: Value,
}

impl TurnedAway<'_> {
    pub(crate) async fn record(self, engine: &Arc<Engine>, refusal: Refusal) {
        let entry = Entry::TurnedAway {
            agent: self.agent.name.clone(),
            user: self.agent.user.clone(),
            upstream: self.upstream.clone(),
            tool: self.tool.to_owned(),
            arguments: self.arguments,
            refusal,
        };
        let journal = Arc::clone(engine.journal());
        match tokio::task::spawn_blocking(move || journal.record(entry)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "a call that was turned away could not be recorded"),
            Err(error) => tracing::error!(%error, "recording a call that was turned away did not end"),
        }
        engine.desk().send(DeskEvent::Activity);
    }
}
