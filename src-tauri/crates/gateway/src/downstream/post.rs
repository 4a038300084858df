//! One message from an agent over HTTP: told apart by era, given to its session, answered.

use super::{
    body,
    exchange::{self, From},
    guard,
    refuse::{Refused, json},
    session::AgentSession,
    stateless, stream,
};
use crate::message::{Message, Request, code};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// POST: the one way in for messages.
pub(super) async fn take(from: From, headers: &HeaderMap, body: Body) -> Result<Response, Refused> {
    guard::check_post_types(headers)?;
    let message = body::read(body).await?;
    // The body decides; a header that says otherwise is found there to differ.
    if exchange::is_stateless(&message) || guard::is_stateless(headers) {
        return stateless::take(from, headers, message).await;
    }
    match message {
        Message::Request(request) if request.method == "initialize" => initialize(&from, &request).await,
        Message::Request(request) => {
            let session = session(&from, headers).map_err(|refused| refused.to(&request.id))?;
            let begun = from.begin(Arc::clone(&session), request)?;
            Ok(stream::answer(begun, || session.new_log()).await)
        }
        Message::Notification(notification) => {
            exchange::refuse_bare_call(&notification)?;
            from.notify(&*session(&from, headers)?, notification).await;
            Ok(StatusCode::ACCEPTED.into_response())
        }
        Message::Response(answer) => {
            from.answer(&*session(&from, headers)?, answer).await;
            Ok(StatusCode::ACCEPTED.into_response())
        }
    }
}

/// The session that the headers name, if it is this agent's.
pub(super) fn session_of(from: &From, headers: &HeaderMap) -> Result<Arc<AgentSession>, Refused> {
    let Some(id) = guard::session_id(headers) else {
        let message = "the header `Mcp-Session-Id` is missing: send `initialize` first";
        return Err(Refused::new(StatusCode::BAD_REQUEST, code::NO_SESSION, message));
    };
    from.engine.sessions().find(id, &from.agent.name, from.upstream.name.as_str()).ok_or_else(|| {
        let message = "there is no such session: send `initialize` to open one";
        Refused::new(StatusCode::NOT_FOUND, code::NO_SESSION, message)
    })
}

fn session(from: &From, headers: &HeaderMap) -> Result<Arc<AgentSession>, Refused> {
    let session = session_of(from, headers)?;
    guard::check_version(headers, session.version.as_deref())?;
    Ok(session)
}

async fn initialize(from: &From, request: &Request) -> Result<Response, Refused> {
    let opened = from.open(request).await?;
    let mut response = json(StatusCode::OK, &opened.answer);
    if let Some((id, _)) = opened.session
        && let Ok(id) = HeaderValue::try_from(id)
    {
        response.headers_mut().insert("mcp-session-id", id);
    }
    Ok(response)
}
