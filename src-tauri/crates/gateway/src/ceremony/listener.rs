//! The listener of one ceremony: its own port on both loopback addresses, for as long as the ceremony lasts.
//!
//! INVARIANT(I11): nothing of the agents' port is here and nothing of this is there. The address has 128 random bits
//! in it; without them every request is answered alike.

use super::course::Course;
use super::guard::{self, For};
use super::page;
use crate::downstream::{Connected, Served};
use crate::routes;
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::json;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How often a free pair of ports is looked for: each try is another random one.
const TRIES: usize = 32;
/// How long the port still says how the ceremony ended.
const LINGER: Duration = Duration::from_secs(45);
/// Largest answer of a browser; real ones have a few thousand bytes.
const MOST_BYTES: usize = 64 * 1024;

/// One port on 127.0.0.1 and on ::1. Whoever holds it on one of them makes us take another.
pub(super) struct Pair {
    v4: TcpListener,
    /// None where this machine has no IPv6: then nobody else can listen there either.
    v6: Option<TcpListener>,
    pub(super) port: u16,
}

impl Pair {
    pub(super) async fn bind() -> io::Result<Pair> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..TRIES {
            let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = v4.local_addr()?.port();
            match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                Ok(v6) => return Ok(Pair { v4, v6: Some(v6), port }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
                Err(_) => return Ok(Pair { v4, v6: None, port }),
            }
        }
        Err(last)
    }

    async fn accept(&self) -> io::Result<(tokio::net::TcpStream, SocketAddr)> {
        match &self.v6 {
            None => self.v4.accept().await,
            Some(v6) => tokio::select! {
                accepted = self.v4.accept() => accepted,
                accepted = v6.accept() => accepted,
            },
        }
    }
}

/// Serves the ceremony to its end and a little beyond, then closes the port.
pub(super) async fn serve(pair: Pair, course: Arc<Course>, stopping: CancellationToken) {
    let router = Router::new()
        .route(routes::PAGE, any(open))
        .route(routes::STYLE, any(style))
        .route(routes::SCRIPT, any(script))
        .route(routes::STEP, any(step))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(Arc::clone(&course));
    let closing = stopping.child_token();
    let served = Served::new(closing.clone());
    let accepting = async {
        loop {
            match pair.accept().await {
                Ok((stream, theirs)) => {
                    let Ok(ours) = stream.local_addr() else { continue };
                    served.spawn(stream, router.clone(), Connected::tcp(theirs, ours));
                }
                Err(error) => {
                    tracing::warn!(%error, "a ceremony could not take a connection");
                    return;
                }
            }
        }
    };
    let ending = async {
        course.ended_or_expired().await;
        course.rest(LINGER).await;
    };
    tokio::select! {
        () = accepting => {}
        () = ending => {}
        () = stopping.cancelled() => {}
    }
    drop(pair);
    course.close();
    closing.cancel();
    served.stop().await;
}

async fn open(
    State(course): State<Arc<Course>>,
    Extension(connected): Extension<Connected>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (head, _) = request.into_parts();
    if let Err(refused) = let_in(&course, &connected, &token, For::Page, &head).await {
        return refused;
    }
    let page = off_the_loop(move || course.page()).await;
    shown(StatusCode::OK, page.unwrap_or_default())
}

async fn style(
    State(course): State<Arc<Course>>,
    Extension(connected): Extension<Connected>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (head, _) = request.into_parts();
    part(&course, &connected, &token, &head, "text/css; charset=utf-8", page::STYLE).await
}

async fn script(
    State(course): State<Arc<Course>>,
    Extension(connected): Extension<Connected>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (head, _) = request.into_parts();
    part(&course, &connected, &token, &head, "text/javascript; charset=utf-8", page::SCRIPT).await
}

async fn part(
    course: &Arc<Course>,
    connected: &Connected,
    token: &str,
    head: &Parts,
    kind: &'static str,
    text: &'static str,
) -> Response {
    match let_in(course, connected, token, For::Part, head).await {
        Ok(()) => with_headers(([(header::CONTENT_TYPE, kind)], text).into_response()),
        Err(refused) => refused,
    }
}

async fn step(
    State(course): State<Arc<Course>>,
    Extension(connected): Extension<Connected>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    if let Err(refused) = let_in(&course, &connected, &token, For::Step, &head).await {
        return refused;
    }
    let body: Bytes = match axum::body::to_bytes(body, MOST_BYTES).await {
        Ok(body) => body,
        Err(_) => return with_headers(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
    };
    let Ok(said) = serde_json::from_slice(&body) else {
        return with_headers(StatusCode::BAD_REQUEST.into_response());
    };
    let reply = off_the_loop(move || course.step(said)).await;
    match reply {
        Some(reply) => with_headers(axum::Json(reply).into_response()),
        None => with_headers((StatusCode::INTERNAL_SERVER_ERROR, axum::Json(json!({}))).into_response()),
    }
}

async fn nothing(State(course): State<Arc<Course>>, request: Request) -> Response {
    course.note_stranger(guard::stranger(request.uri(), request.headers()));
    with_headers(StatusCode::NOT_FOUND.into_response())
}

/// The guard, whose process it is, and the address's secret.
async fn let_in(
    course: &Arc<Course>,
    connected: &Connected,
    token: &str,
    purpose: For,
    head: &Parts,
) -> Result<(), Response> {
    let is_the_one = bool::from(token.as_bytes().ct_eq(course.token().as_bytes()));
    let checked = guard::check(course.port(), purpose, &head.method, &head.uri, &head.headers);
    if let Err((status, words)) = checked {
        match guard::stranger(&head.uri, &head.headers) {
            Some(worker @ guard::WORKER) => course.note_stranger(Some(worker)),
            _ if is_the_one => course.note_refused("not_the_page"),
            stranger => course.note_stranger(stranger),
        }
        return Err(shown(status, page::saying("This page was not opened by you", words, "")));
    }
    if !is_the_one {
        course.note_stranger(guard::stranger(&head.uri, &head.headers));
        return Err(with_headers(StatusCode::NOT_FOUND.into_response()));
    }
    if connected.is_foreign().await {
        course.note_refused("other_user");
        return Err(with_headers(StatusCode::FORBIDDEN.into_response()));
    }
    Ok(())
}

fn shown(status: StatusCode, page: String) -> Response {
    with_headers((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
}

fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", page::CONTENT),
        ("cache-control", "no-store"),
        // A step must carry its origin, and no other site may learn the address.
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        // Whatever a page on this port had left in the browser before, a service worker above all, goes.
        ("clear-site-data", "\"storage\""),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

/// The disk and the keychain block.
async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::error!(%error, "a step of a ceremony failed");
            None
        }
    }
}
