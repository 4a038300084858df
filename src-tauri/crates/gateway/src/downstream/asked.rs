//! The page that an agent shows to its person while a call is held: it says that Doorward's window comes up.
//!
//! The same words for everybody, and nothing of the call: whoever has the address learns nothing from it, and
//! cannot decide anything with it (I11). Nobody can guess an address, so no web page makes the window come up.

use super::{guard, peer::Connected, refuse::Refused};
use crate::{desk::DeskEvent, engine::Engine, message::code};
use approvals::HoldId;
use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use std::sync::Arc;

const PAGE: &str = include_str!("asked.html");
/// No script, no picture, no form, no frame; the page's own style and nothing else.
const CONTENT: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// GET only; a hold that ended, or never was, shows the same page.
pub(super) async fn page(
    State(engine): State<Arc<Engine>>,
    Extension(connected): Extension<Connected>,
    Path(hold): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    guard::check_address(engine.listen_addr(), connected.peer, request.uri(), request.headers())?;
    if connected.is_foreign().await {
        let message = "this gateway serves the processes of its own user only";
        return Err(Refused::new(StatusCode::FORBIDDEN, code::REFUSED, message));
    }
    if request.method() != Method::GET {
        let message = "only GET is taken here";
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, code::REFUSED, message));
    }
    if let Ok(hold) = hold.parse::<HoldId>()
        && engine.desk().is_waiting(&hold)
    {
        engine.desk().send(DeskEvent::Asked { hold });
    }
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, Html(PAGE)).into_response())
}
