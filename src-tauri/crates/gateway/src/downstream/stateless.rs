//! One message of the stateless era over HTTP (2026-07-28): checked against its headers, then given to the session
//! that stands for the agent's process.

use super::{
    event_log::EventLog,
    exchange::{self, From},
    refuse::Refused,
    session::AgentSession,
    stream,
};
use crate::{
    message::{META_CAPABILITIES, META_VERSION, Message, Request, TOOLS_CALL, code},
    mirrored::{self, Mismatch},
};
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use policy::Value;

pub(super) async fn take(from: From, headers: &HeaderMap, message: Message) -> Result<Response, Refused> {
    match message {
        Message::Request(request) => {
            check(headers, &request).map_err(|refused| refused.to(&request.id))?;
            let session = from.engine.sessions().stateless(&from, &request).await?;
            session.up.speaks_for(&request);
            if request.method == TOOLS_CALL {
                check_params(&session, headers, &request).await?;
            }
            let begun = from.begin(session, request)?;
            Ok(stream::answer(begun, || EventLog::new(None)).await)
        }
        Message::Notification(notification) => {
            exchange::refuse_bare_call(&notification)?;
            // To cancel is to close the stream; a cancel that is sent all the same means a request of its own process.
            if let Some(session) = from.engine.sessions().known_stateless(&from).await
                && (notification.method == "notifications/cancelled" || !session.up.is_http())
            {
                from.notify(&session, notification).await;
            }
            Ok(StatusCode::ACCEPTED.into_response())
        }
        Message::Response(_) => {
            let message =
                "this protocol version has no answers of agents: repeat the request with `inputResponses`";
            Err(Refused::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, message))
        }
    }
}

/// What a request must say of itself, and its headers with it.
fn check(headers: &HeaderMap, request: &Request) -> Result<(), Refused> {
    let bad = |code, message: String| Err(Refused::new(StatusCode::BAD_REQUEST, code, message));
    if request.method == "initialize" && request.meta(META_VERSION).is_none() {
        let message =
            "`initialize` is of older protocol versions than the header `MCP-Protocol-Version` names";
        return bad(code::HEADER_MISMATCH, message.to_owned());
    }
    let missing = [META_VERSION, META_CAPABILITIES].into_iter().find(|key| request.meta(key).is_none());
    if let Some(key) = missing {
        return bad(code::INVALID_PARAMS, format!("`params._meta` needs `{key}`"));
    }
    mirrored::check(headers, request).or_else(|mismatch| bad(code::HEADER_MISMATCH, mismatch.to_string()))
}

/// The headers that the called tool's own schema asks for. A tool that is not listed is refused later.
async fn check_params(session: &AgentSession, headers: &HeaderMap, request: &Request) -> Result<(), Refused> {
    let Ok(tools) = session.up.tools(false).await else { return Ok(()) };
    let name = request.params().and_then(|params| params.get("name"));
    let called = tools.iter().find(|tool| tool.get("name") == name);
    let schema = called.and_then(|tool| tool.get("inputSchema")).unwrap_or(&Value::Null);
    mirrored::check_params(headers, request, schema).map_err(|mismatch: Mismatch| {
        Refused::new(StatusCode::BAD_REQUEST, code::HEADER_MISMATCH, mismatch.to_string()).to(&request.id)
    })
}
