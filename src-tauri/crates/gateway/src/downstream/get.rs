//! The standing stream of a session, for what belongs to no request, and the end of a session.

use super::{
    guard,
    post::session_of,
    refuse::Refused,
    session::AgentSession,
    stream::{Events, Gone, beat, open},
};
use crate::{engine::Engine, home::Agent};
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// GET: opens the stream; an older one of the same session ends.
pub(super) fn stand(
    engine: &Engine,
    agent: &Agent,
    upstream: &str,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    guard::check_get_types(headers)?;
    let session = session_of(engine, agent, upstream, headers)?;
    guard::check_version(headers, session.version.as_deref())?;
    let turn = session.take_standing_turn();
    let (events, response) = open();
    tokio::spawn(write(session, turn, events));
    Ok(response)
}

/// DELETE: the agent is done.
pub(super) fn end(
    engine: &Engine,
    agent: &Agent,
    upstream: &str,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let session = session_of(engine, agent, upstream, headers)?;
    guard::check_version(headers, session.version.as_deref())?;
    engine.sessions().end(guard::session_id(headers).unwrap_or_default());
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn write(session: Arc<AgentSession>, turn: CancellationToken, events: Events) {
    tokio::select! {
        _ = pass_on(&session, &events) => {}
        () = turn.cancelled() => {}
        () = session.ended.cancelled() => {}
    }
}

async fn pass_on(session: &AgentSession, events: &Events) -> Result<(), Gone> {
    // Whoever had the stream before lets go of this when its turn is over.
    let mut standing = session.standing.lock().await;
    let _listening = Listening::new(session);
    let mut beat = beat();
    loop {
        tokio::select! {
            () = events.closed() => return Err(Gone),
            message = async { events.ready().await.ok()?; standing.recv().await } => match message {
                Some(message) => events.message(&message.into_message()).await?,
                None => return Ok(()),
            },
            _ = beat.tick() => events.comment().await?,
        }
    }
}

/// Tells the upstream's side that somebody listens, for as long as this lives.
struct Listening<'a>(&'a AgentSession);

impl<'a> Listening<'a> {
    fn new(session: &'a AgentSession) -> Listening<'a> {
        session.up.set_listening(true);
        Listening(session)
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.0.up.set_listening(false);
    }
}
