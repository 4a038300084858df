//! The way to a home: over its socket while a process owns it, else by taking its lock.
//!
//! HTTP/1.1 over the Unix socket, one connection a request.

use crate::failure::Failure;
use bytes::Bytes;
use gateway::home::{Home, Paths};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response,
    body::Incoming,
    client::conn::http1,
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, de::DeserializeOwned};
use std::{io, path::Path};
use tokio::net::UnixStream;

/// Largest answer read at once.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

/// Who answers for a home.
pub(crate) enum Desk {
    /// A process owns the home; it is asked.
    Running(Socket),
    /// Nobody did; now we own it. Boxed: it is much larger than a socket.
    Ours(Box<Home>),
}

/// The socket of a running Doorward.
#[derive(Clone)]
pub(crate) struct Socket {
    path: std::path::PathBuf,
}

/// What `GET /desk/v1/status` says.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    pub(crate) version: String,
    pub(crate) listen: String,
    pub(crate) holds: u64,
    pub(crate) pid: u32,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
    hint: String,
}

impl Desk {
    /// Finds the owner of an existing home, or becomes it.
    pub(crate) async fn of(dir: &Path) -> Result<Desk, Failure> {
        Home::peek(dir)?;
        if let Some(socket) = Socket::find(dir).await? {
            return Ok(Desk::Running(socket));
        }
        Ok(Desk::Ours(Box::new(Home::open(dir)?)))
    }
}

impl Socket {
    /// The socket of the process that owns the home; none when nobody listens there.
    pub(crate) async fn find(dir: &Path) -> Result<Option<Socket>, Failure> {
        let path = Paths::new(dir).socket();
        match UnixStream::connect(&path).await {
            Ok(_) => Ok(Some(Socket { path })),
            // Absent, or left by a crash.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                Ok(None)
            }
            Err(error) => Err(unreachable(&path, &error)),
        }
    }

    /// Sends one request; the answer's body can be read as it comes.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        let failed = |error: &dyn std::fmt::Display| unreachable(&self.path, error);
        let stream = UnixStream::connect(&self.path).await.map_err(|error| failed(&error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
        // Ends with the answer's body; its errors come out there.
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(|error| failed(&error))
    }

    pub(crate) async fn status(&self) -> Result<Status, Failure> {
        self.get("/desk/v1/status").await
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.json(Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::new(error.to_string(), ""))?;
        self.json(Method::POST, path, body.into()).await
    }

    async fn json<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| Failure::new(error.to_string(), ""))?;
        let response = self.send(request).await?;
        let status = response.status();
        let body = self.whole(response).await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|error| unreachable(&self.path, &error));
        }
        Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => Failure::new(problem.message, problem.hint),
            Err(_) => {
                unreachable(&self.path, &format!("HTTP {status}: {}", String::from_utf8_lossy(&body).trim()))
            }
        })
    }

    /// The whole body of an answer.
    pub(crate) async fn whole(&self, response: Response<Incoming>) -> Result<Bytes, Failure> {
        let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|error| unreachable(&self.path, &error))
    }
}

fn unreachable(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        format!("the Doorward that owns this home does not answer on `{}`: {why}", path.display()),
        "stop it and start it again; its own output says more",
    )
}
