//! The standing stream of a session, for what belongs to no request, and the end of a session.

use super::{
    exchange::From,
    guard,
    post::session_of,
    refuse::Refused,
    session::AgentSession,
    stream::{Events, Gone, beat, open},
};
use crate::message::code;
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// GET: opens the stream; an older one of the same session ends. With the id of an event it takes up the stream
/// that the event was on instead.
pub(super) fn stand(from: &From, headers: &HeaderMap) -> Result<Response, Refused> {
    refuse_stateless(headers)?;
    guard::check_get_types(headers)?;
    let session = session_of(from, headers)?;
    guard::check_version(headers, session.version.as_deref())?;
    if let Some(id) = headers.get("last-event-id") {
        let place = id.to_str().ok().and_then(|id| id.split_once('-'));
        let place =
            place.and_then(|(stream, event)| Some((stream.parse::<u64>().ok()?, event.parse::<u64>().ok()?)));
        return place.and_then(|(stream, event)| Some(session.log(stream)?.read_from(event))).ok_or_else(
            || {
                let message = "no stream with this event can be taken up again: repeat the request";
                Refused::new(StatusCode::BAD_REQUEST, code::REFUSED, message)
            },
        );
    }
    let turn = session.take_standing_turn();
    let (events, response) = open();
    tokio::spawn(write(session, turn, events));
    Ok(response)
}

/// DELETE: the agent is done.
pub(super) fn end(from: &From, headers: &HeaderMap) -> Result<Response, Refused> {
    refuse_stateless(headers)?;
    let session = session_of(from, headers)?;
    guard::check_version(headers, session.version.as_deref())?;
    from.engine.sessions().end(guard::session_id(headers).unwrap_or_default());
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The stateless era has neither standing streams nor sessions.
fn refuse_stateless(headers: &HeaderMap) -> Result<(), Refused> {
    if !guard::is_stateless(headers) {
        return Ok(());
    }
    let message = "this protocol version takes POST only";
    Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, code::REFUSED, message))
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
    let Some(standing) = standing.as_mut() else { return Ok(()) };
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
