//! The way to the running Doorward: one HTTP/1.1 head on the home's socket, which turns the connection into lines.

use super::answers::Reason;
use bytes::Bytes;
use gateway::home::{Home, HomeError, Paths};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1,
    header::{CONNECTION, CONTENT_LENGTH, HOST, UPGRADE},
};
use hyper_util::rt::TokioIo;
use policy::{AgentName, UpstreamName};
use serde::Deserialize;
use std::{
    io::{self, Cursor},
    path::PathBuf,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, BufReader, Chain},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

/// How long a gateway that took the connection may take to answer it.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// Longest refusal read.
const BODY_LIMIT: usize = 64 * 1024;

/// Whom to reach, and as whom.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) home: PathBuf,
    pub(super) upstream: UpstreamName,
    pub(super) agent: AgentName,
}

/// A connection that speaks lines.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) from: FromGateway,
    pub(super) to: OwnedWriteHalf,
}

/// What was read behind the head comes first.
pub(super) type FromGateway = BufReader<Chain<Cursor<Bytes>, OwnedReadHalf>>;

/// Why there is no link.
#[derive(Debug)]
pub(super) enum NoLink {
    /// Nobody is there; with what stands in the way, if it is more than that.
    Away(Option<String>),
    /// Doorward is there and said no.
    Refused { reason: Reason, hint: &'static str },
}

impl Door {
    pub(super) fn socket(&self) -> PathBuf {
        Paths::new(&self.home).socket()
    }

    pub(super) async fn open(&self) -> Result<Link, NoLink> {
        self.check_home()?;
        let stream = UnixStream::connect(self.socket()).await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => NoLink::Away(None),
            _ => NoLink::Away(Some(format!("its socket cannot be opened: {error}"))),
        })?;
        match timeout(HEAD_LIMIT, self.introduce(stream)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(NoLink::Away(Some("it took the connection and did not answer".to_owned()))),
        }
    }

    /// Whoever could put a socket into the folder would read every call.
    fn check_home(&self) -> Result<(), NoLink> {
        match Home::peek(&self.home) {
            Err(
                error @ (HomeError::Absent { .. }
                | HomeError::NotAFolder { .. }
                | HomeError::NotOurs { .. }
                | HomeError::TooOpen { .. }
                | HomeError::Closed { .. }),
            ) => Err(NoLink::Away(Some(format!("{error}: {}", error.hint())))),
            // Broken settings are the next start's concern: a Doorward that runs has its own.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn introduce(&self, stream: UnixStream) -> Result<Link, NoLink> {
        let failed = |error: hyper::Error| NoLink::Away(Some(format!("it does not answer: {error}")));
        let request = Request::post(format!("/mcp/{}/lines", self.upstream))
            .header(HOST, "doorward")
            .header("doorward-agent", self.agent.as_str())
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "mcp-lines")
            .header(CONTENT_LENGTH, 0)
            .body(Empty::<Bytes>::new())
            .map_err(|error| NoLink::Away(Some(error.to_string())))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        // Ends with the upgrade or with the refusal's body; its errors come out there.
        tokio::spawn(connection.with_upgrades());
        let response = sender.send_request(request).await.map_err(failed)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(response).await);
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(failed)?;
        let parts = upgraded
            .downcast::<TokioIo<UnixStream>>()
            .map_err(|_| NoLink::Away(Some("the connection was lost".to_owned())))?;
        let (from, to) = parts.io.into_inner().into_split();
        let from = AsyncReadExt::chain(Cursor::new(parts.read_buf), from);
        Ok(Link { from: BufReader::with_capacity(64 * 1024, from), to })
    }
}

async fn refusal(response: Response<Incoming>) -> NoLink {
    #[derive(Deserialize)]
    struct Body {
        error: Said,
    }
    #[derive(Deserialize)]
    struct Said {
        code: Option<i64>,
        message: String,
    }
    let status = response.status();
    let body = Limited::new(response.into_body(), BODY_LIMIT).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let reason = match serde_json::from_slice(&body) {
        Ok(Body { error: Said { code, message } }) => Reason::refused(code, message),
        Err(_) => Reason::refused(None, format!("Doorward answered with {status}")),
    };
    let hint = match status {
        StatusCode::UNAUTHORIZED => {
            "`doorward agent list` shows the agents; `doorward agent add NAME --user me` pairs one"
        }
        StatusCode::NOT_FOUND => "`doorward upstream list` shows the upstreams there are",
        _ => "",
    };
    NoLink::Refused { reason, hint }
}
