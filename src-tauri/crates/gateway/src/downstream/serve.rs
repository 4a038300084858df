//! Accepts connections, on loopback and on the home's socket, and gives each request to its route.
//!
//! A slow or silent peer holds a connection, never more: heads are timed, connections are counted.

use super::{asked, exchange::From, get, guard, lines, peer::Connected, post, refuse::Refused, room};
use crate::{engine::Engine, knocks::Knock, message::code, routes};
use axum::{
    Extension, Router,
    extract::{Path, Request, State},
    http::{Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::any,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a request's head may take; also how long an idle connection is kept.
const HEAD_LIMIT: Duration = Duration::from_secs(60);
/// Largest head.
const MAX_HEAD: usize = 64 * 1024;
/// How long answers under way may take once the gateway stops.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// How often idle sessions are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// The agents' port, until told to stop.
pub(crate) async fn serve_tcp(engine: Arc<Engine>, listener: TcpListener, stopping: CancellationToken) {
    let asked = Router::new().route(routes::HOLD, any(asked::page)).with_state(Arc::clone(&engine));
    let router = asked.merge(routes(Arc::clone(&engine)).with_state(Arc::clone(&engine)));
    let served = Served::new(stopping.clone());
    let accepting = async {
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = sweep.tick() => engine.sessions().sweep(),
                accepted = listener.accept() => match accepted {
                    Ok((stream, theirs)) => {
                        let _ = stream.set_nodelay(true);
                        let ours = stream.local_addr().unwrap_or_else(|_| engine.listen_addr());
                        served.spawn(stream, router.clone(), Connected::tcp(theirs, ours));
                    }
                    Err(error) => pause(&error).await,
                },
            }
        }
    };
    let _: Option<()> = stopping.run_until_cancelled(accepting).await;
    served.stop().await;
}

/// The home's socket, until told to stop; `also` are the routes of the command line.
#[cfg(unix)]
pub(crate) async fn serve_unix(
    engine: Arc<Engine>,
    listener: tokio::net::UnixListener,
    also: Router,
    stopping: CancellationToken,
) {
    let lines = Router::new().route(routes::LINES, any(lines)).with_state(Arc::clone(&engine));
    let router = also.merge(lines).merge(routes(Arc::clone(&engine)).with_state(engine));
    let served = Served::new(stopping.clone());
    let accepting = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let Ok(peer) = stream.peer_cred() else { continue };
                    if peer.uid() != rustix::process::geteuid().as_raw() {
                        tracing::warn!(uid = peer.uid(), "a process of another user was turned away");
                        continue;
                    }
                    let pid = peer.pid().and_then(|pid| u32::try_from(pid).ok());
                    served.spawn(stream, router.clone(), Connected::unix(pid));
                }
                Err(error) => pause(&error).await,
            }
        }
    };
    let _: Option<()> = stopping.run_until_cancelled(accepting).await;
    served.stop().await;
}

fn routes(engine: Arc<Engine>) -> Router<Arc<Engine>> {
    Router::new().route(routes::MCP, any(mcp)).fallback(elsewhere).with_state(engine)
}

/// Streamable HTTP.
async fn mcp(
    State(engine): State<Arc<Engine>>,
    Extension(connected): Extension<Connected>,
    Path(upstream): Path<String>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let answer = async {
        let from = let_in(&engine, connected, &upstream, &head).await?;
        match head.method {
            Method::POST => post::take(from, &head.headers, body).await,
            Method::GET => get::stand(&from, &head.headers),
            Method::DELETE => get::end(&from, &head.headers),
            _ => {
                let message = "only POST, GET and DELETE are taken here";
                Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, code::REFUSED, message))
            }
        }
    };
    answer.await.unwrap_or_else(IntoResponse::into_response)
}

/// The way in of `doorward connect`: the connection becomes lines of MCP.
#[cfg(unix)]
async fn lines(
    State(engine): State<Arc<Engine>>,
    Extension(connected): Extension<Connected>,
    Path(upstream): Path<String>,
    mut request: Request,
) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let from = match let_in(&engine, connected.of_shim(), &upstream, &head).await {
        Ok(from) => from,
        Err(refused) => return refused.into_response(),
    };
    let asked = head.headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if head.method != Method::POST || asked != Some(lines::PROTOCOL) {
        let message = "this is for `doorward connect`: send POST with `Upgrade: mcp-lines`";
        return Refused::new(StatusCode::UPGRADE_REQUIRED, code::REFUSED, message).into_response();
    }
    let stopping = engine.stopping();
    engine.tasks().spawn(async move {
        match upgrade.await {
            Ok(stream) => lines::serve(from, TokioIo::new(stream), stopping).await,
            Err(error) => tracing::debug!(%error, "a connection broke off before it was lines"),
        }
    });
    let upgraded = [(header::CONNECTION, "Upgrade"), (header::UPGRADE, lines::PROTOCOL)];
    (StatusCode::SWITCHING_PROTOCOLS, upgraded).into_response()
}

/// Host and origin, then the token, then the upstream: who may not speak learns nothing of what is here.
async fn let_in(
    engine: &Arc<Engine>,
    connected: Connected,
    upstream: &str,
    head: &Parts,
) -> Result<From, Refused> {
    let path = head.uri.path();
    guard::check_address(engine.listen_addr(), connected.peer, &head.uri, &head.headers)
        .inspect_err(|_| engine.knocked(Knock::Place, path))?;
    if connected.is_foreign().await {
        engine.knocked(Knock::Place, path);
        let message = "this gateway serves the processes of its own user only";
        return Err(Refused::new(StatusCode::FORBIDDEN, code::REFUSED, message));
    }
    let agent = guard::check_token(engine, connected.peer, &head.headers)
        .inspect_err(|_| engine.knocked(Knock::Token, path))?;
    let Some(upstream) = engine.upstream(upstream) else {
        let name: String = upstream.chars().take(64).collect();
        let message = format!("there is no upstream `{name}`: see `doorward upstream list`");
        return Err(Refused::new(StatusCode::NOT_FOUND, code::REFUSED, message));
    };
    Ok(From { engine: Arc::clone(engine), agent, upstream, connected })
}

async fn elsewhere(
    State(engine): State<Arc<Engine>>,
    Extension(connected): Extension<Connected>,
    request: Request,
) -> Refused {
    match guard::check_address(engine.listen_addr(), connected.peer, request.uri(), request.headers()) {
        Err(refused) => {
            engine.knocked(Knock::Place, request.uri().path());
            refused
        }
        Ok(()) => {
            engine.knocked(Knock::Path, request.uri().path());
            let message = "nothing is here: use /mcp/ and an upstream's name";
            Refused::new(StatusCode::NOT_FOUND, code::REFUSED, message)
        }
    }
}

/// The connections of one listener.
pub(crate) struct Served {
    room: Arc<Semaphore>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Served {
    pub(crate) fn new(stopping: CancellationToken) -> Served {
        Served { room: Arc::new(Semaphore::new(room::connections())), tasks: TaskTracker::new(), stopping }
    }

    pub(crate) fn spawn<S>(&self, stream: S, router: Router, connected: Connected)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            tracing::warn!("too many connections are open; a new one is closed");
            return;
        };
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            let _place = place;
            serve(stream, router.layer(Extension(connected)), stopping).await;
        });
    }

    pub(crate) async fn stop(self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn serve<S>(stream: S, router: Router, stopping: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut connection = std::pin::pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
            .with_upgrades()
    );
    tokio::select! {
        ended = connection.as_mut() => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke off");
            }
        }
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(STOP_LIMIT, connection).await;
        }
    }
}

/// Out of file handles, most likely: some must be closed first.
async fn pause(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    sleep(Duration::from_millis(100)).await;
}
